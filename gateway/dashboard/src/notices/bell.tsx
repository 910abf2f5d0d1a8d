/** The last notices, and how one wants to be told of others. */
import { useState } from 'react';
import { ToPlace } from '../app/place';
import { prefer, usePreferences } from '../app/preferences';
import { tell } from '../app/toasts';
import { Button, Check } from '../design/controls';
import { Panel } from '../design/menu';
import { Moment } from '../design/moment';
import { empty, markSeen, putBack, unreadOf, useKept } from './kept';
import type { Notice } from './notice';
import css from './notices.module.css';
import { beep, mayUseDesktop } from './raise';

export function Bell() {
  const unread = useKept(unreadOf);
  const [isOpen, setOpen] = useState(false);
  const toggle = (isOpen: boolean) => {
    setOpen(isOpen);
    markSeen();
  };
  return (
    <Panel
      label="Notices"
      open={isOpen}
      onOpenChange={toggle}
      trigger={
        <Button kind="plain" aria-label={unread > 0 ? `Notices: ${unread} new` : 'Notices'}>
          Notices{unread > 0 && <span className={css.count}>{unread}</span>}
        </Button>
      }
    >
      <div className={css.panel}>
        <List onGone={() => setOpen(false)} />
        <Toggles />
      </div>
    </Panel>
  );
}

function List({ onGone }: { onGone(): void }) {
  const all = useKept((state) => state.all);
  const clear = () => {
    const notices = empty();
    tell('There are no notices any more.', { undo: () => putBack(notices) });
  };
  return (
    <section aria-label="Last notices">
      <div className={css.head}>
        <h2>Notices</h2>
        {all.length > 0 && (
          <Button kind="plain" onClick={clear}>
            Clear
          </Button>
        )}
      </div>
      {all.length === 0 && <p className={css.quiet}>None yet. Work of yours that ends is told here.</p>}
      <ul className={css.list}>
        {all.map((notice) => (
          <li key={notice.id} className={css.notice} data-kind={notice.kind}>
            <Text notice={notice} onGone={onGone} />
            <span className={css.quiet}>
              <Moment at={notice.at} both />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Text({ notice: { text, place, kind }, onGone }: { notice: Notice; onGone(): void }) {
  const mark = { news: '●', warning: '▲', error: '✕' }[kind];
  return (
    <span dir="auto">
      <span aria-hidden className={css.mark}>
        {mark}
      </span>{' '}
      {place ? (
        <ToPlace place={place} onClick={onGone}>
          {text}
        </ToPlace>
      ) : (
        text
      )}
    </span>
  );
}

function Toggles() {
  const notices = usePreferences((state) => state.notices);
  const [isRefused, setRefused] = useState(false);
  const set = (change: Partial<typeof notices>) => prefer({ notices: { ...notices, ...change } });
  const setDesktop = async (isOn: boolean) => {
    const may = !isOn || (await mayUseDesktop());
    setRefused(!may);
    set({ browser: isOn && may });
  };
  return (
    <fieldset className={css.toggles}>
      <legend className={css.quiet}>Tell me</legend>
      <Check
        label="By a number in the title of the tab"
        checked={notices.badge}
        onChange={({ target }) => set({ badge: target.checked })}
      />
      <Check
        label="By a sound"
        checked={notices.sound}
        onChange={({ target }) => {
          set({ sound: target.checked });
          if (target.checked) beep();
        }}
      />
      <Check
        label="On the desktop, while I look elsewhere"
        checked={notices.browser}
        onChange={({ target }) => void setDesktop(target.checked)}
      />
      {isRefused && (
        <p className={css.quiet} role="alert">
          This browser does not let this page do so; its settings of the site may.
        </p>
      )}
    </fieldset>
  );
}
