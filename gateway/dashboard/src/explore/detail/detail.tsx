/**
 * One line with all that is known of it.
 *
 * Invariant: what is done from here is done with the line that is shown, also while the next one is on its way.
 */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Tabs } from 'radix-ui';
import { memo, type ReactNode, useMemo } from 'react';
import type { Line } from '../../api/schema';
import { usePreferences } from '../../app/preferences';
import { tell } from '../../app/toasts';
import { Button } from '../../design/controls';
import { copied } from '../../design/copy';
import { LevelMark } from '../../design/level';
import { Menu } from '../../design/menu';
import { clock } from '../../design/moment';
import { relative } from '../../design/numbers';
import { Failed, Waiting } from '../../design/states';
import { wantedWords } from '../editor/tokens';
import { useSteady } from '../fields/steady';
import { stripped } from './codes';
import { Context } from './context';
import css from './detail.module.css';
import { useKept } from './kept';
import { asCurl, asJson, entriesOf, isObject, lineQuestion, permalink, traceOf } from './line';
import { Raw } from './raw';
import { Trace } from './trace';
import { Branch, type Doing } from './tree';

interface Does extends Doing {
  onClose(): void;
  onOpen(id: string): void;
}

interface DetailProps extends Does {
  id: string;
  q: string;
}

export function Detail(props: DetailProps) {
  const { id, q, onClose, onOpen, onInclude, onExclude, onColumn } = props;
  const does = useSteady({ onClose, onOpen, onInclude, onExclude, onColumn });
  const asked = useQuery({ ...lineQuestion(id), placeholderData: keepPreviousData });
  const { data: line, error, refetch, isPlaceholderData } = asked;
  if (line && !error)
    return <Shown key={line.id} q={q} does={does} line={line} isOld={isPlaceholderData && line.id !== id} />;
  return (
    <section className={css.detail} aria-label="Line">
      <Head title={<h2>Line {id}</h2>} onClose={onClose} />
      {error ? (
        <Failed what="The line was not found" error={error} onRetry={() => void refetch()} />
      ) : (
        <Waiting what="Reading the line" />
      )}
    </section>
  );
}

interface HeadProps {
  title: ReactNode;
  children?: ReactNode;
  onClose(): void;
}

function Head({ title, children, onClose }: HeadProps) {
  return (
    <div className={css.head}>
      {title}
      <span className={css.room} />
      {children}
      <Button kind="plain" aria-label="Close the line" title="Close (Esc)" onClick={onClose}>
        ✕
      </Button>
    </div>
  );
}

interface ShownProps {
  line: Line;
  q: string;
  isOld: boolean;
  does: Does;
}

/** It is drawn again for what it shows only, not for each key that is typed elsewhere. */
const Shown = memo(function Shown({ line, isOld, q, does }: ShownProps) {
  const { onClose, onOpen } = does;
  const marks = useMemo(() => wantedWords(q), [q]);
  const trace = traceOf(line);
  const [wanted, setTab] = useKept('tab', 'fields');
  const tabs = {
    fields: 'Fields',
    context: 'Context',
    ...(trace !== null && { trace: 'Trace' }),
    raw: 'Raw',
  };
  const tab = Object.hasOwn(tabs, wanted) ? wanted : 'fields';
  const beside = { line, marks, onOpen };
  return (
    <section className={css.detail} aria-label="Line" aria-busy={isOld} data-old={isOld || undefined}>
      <Head title={<Title line={line} />} onClose={onClose}>
        <Copies line={line} />
      </Head>
      <Tabs.Root value={tab} onValueChange={setTab}>
        <Tabs.List className={css.tabs} aria-label="About the line">
          {Object.entries(tabs).map(([name, title]) => (
            <Tabs.Trigger key={name} value={name} className={css.tab}>
              {title}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        <Tabs.Content value="fields">
          <Fields line={line} marks={marks} doing={does} />
        </Tabs.Content>
        <Tabs.Content value="context">
          <Context {...beside} />
        </Tabs.Content>
        {trace !== null && (
          <Tabs.Content value="trace">
            <Trace {...beside} trace={trace} />
          </Tabs.Content>
        )}
        <Tabs.Content value="raw">
          <Raw line={line} />
        </Tabs.Content>
      </Tabs.Root>
    </section>
  );
});

function Title({ line: { timestamp, level, service } }: { line: Line }) {
  const zone = usePreferences((state) => state.zone);
  const time = new Date(timestamp);
  return (
    <>
      <LevelMark level={level} />
      <h2>
        <time dateTime={timestamp}>{clock(time, zone, true)}</time>
      </h2>
      <span className={css.relative}>{relative(time)}</span>
      <span className={css.service}>{service}</span>
    </>
  );
}

function Copies({ line }: { line: Line }) {
  const copy = (title: string, what: string, text: () => string) => ({
    title,
    run: async () =>
      tell((await copied(text())) ? `${what} is copied.` : 'This browser does not let the page copy.'),
  });
  return (
    <Menu
      trigger={<Button kind="plain">Copy ▾</Button>}
      items={[
        copy('Link to this line', 'The link', () => permalink(line.id)),
        copy('Message', 'The message', () => stripped(line.message ?? '')),
        copy('As JSON', 'The line', () => asJson(line)),
        copy('As curl', 'The command', () => asCurl(line.id)),
      ]}
    />
  );
}

function Fields({ line, marks, doing }: { line: Line; marks: readonly string[]; doing: Doing }) {
  const { id, received_at, arrival, original } = line;
  const about = { id, received_at, ...arrival };
  return (
    <>
      <Branch entries={entriesOf(line)} path="" marks={marks} doing={doing} />
      {isObject(original) && <About title="As it was sent" entries={original} doing={doing} />}
      <About title="How it came" entries={about} doing={doing} />
    </>
  );
}

interface AboutProps {
  title: string;
  entries: Record<string, unknown>;
  doing: Doing;
}

/** What queries have no names for. */
function About({ title, entries, doing }: AboutProps) {
  const shown = Object.entries(entries).map(([name, value]) => ({ name, value }));
  return (
    <>
      <h3 className={css.about}>{title}</h3>
      <Branch entries={shown} path={null} marks={[]} doing={doing} />
    </>
  );
}
