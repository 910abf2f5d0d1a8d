/** Every page and action, found by typing. */
import { useId, useState } from 'react';
import { Dialog } from '../design/dialog';
import { type Action, useActions } from './actions';
import { shownKeys } from './keys';
import css from './palette.module.css';

const SHOWN_MAX = 12;

/** Those whose words begin as what was typed, in the order typed; the best first. */
export function found<T extends { title: string; group: string }>(actions: T[], typed: string): T[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const score = ({ title, group }: T) => {
    const text = `${title} ${group}`.toLowerCase();
    let sum = 0;
    for (const word of words) {
      const at = text.indexOf(word);
      if (at < 0) return -1;
      sum += at === 0 ? 3 : /\W/.test(text.charAt(at - 1)) ? 2 : 1;
    }
    return sum;
  };
  return actions
    .map((action) => ({ action, score: score(action) }))
    .filter(({ score }) => score >= 0)
    .sort((one, other) => other.score - one.score)
    .map(({ action }) => action);
}

export function Palette({ onClose }: { onClose: () => void }) {
  const all = useActions((state) => state.all);
  const [typed, setTyped] = useState('');
  const [chosen, setChosen] = useState(0);
  const id = useId();
  const offered = [...new Map(all.filter((one) => !one.hidden).map((one) => [one.title, one])).values()];
  const shown = found(offered, typed).slice(0, SHOWN_MAX);
  const run = (action: Action | undefined) => {
    if (!action) return;
    onClose();
    // The dialog gives the focus back first.
    setTimeout(action.run);
  };
  const move = (by: number) => setChosen((chosen + by + shown.length) % Math.max(shown.length, 1));
  return (
    <Dialog title="Go to or do" onClose={onClose}>
      <input
        className={css.input}
        role="combobox"
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={`${id}-${chosen}`}
        aria-label="Page or action"
        placeholder="Type a page or an action"
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setChosen(0);
        }}
        onKeyDown={(event) => {
          const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
          if (step) move(step);
          else if (event.key === 'Enter') run(shown[chosen]);
          else return;
          event.preventDefault();
        }}
      />
      <div id={id} className={css.list} role="listbox" aria-label="Found">
        {shown.map((action, at) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: keys are heard where one types
          <div
            key={action.title}
            id={`${id}-${at}`}
            role="option"
            tabIndex={-1}
            aria-selected={at === chosen}
            className={css.option}
            onMouseMove={() => setChosen(at)}
            onClick={() => run(action)}
          >
            <span>{action.title}</span>
            <span className={css.group}>{action.group}</span>
            {action.keys && <kbd>{shownKeys(action.keys)}</kbd>}
          </div>
        ))}
      </div>
      {shown.length === 0 && <p className={css.group}>Nothing has this name here.</p>}
    </Dialog>
  );
}

/** All keys that count now. */
export function KeysShown({ onClose }: { onClose: () => void }) {
  const all = useActions((state) => state.all).filter((one) => one.keys);
  const groups = Map.groupBy(all, (one) => one.group);
  return (
    <Dialog title="Keys" onClose={onClose}>
      {[...groups].map(([group, actions]) => (
        <section key={group} aria-label={group}>
          <h3>{group}</h3>
          <ul>
            {actions.map(({ title, keys }) => (
              <li key={title} className={css.option}>
                <span>{title}</span>
                <kbd>{shownKeys(keys ?? '')}</kbd>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </Dialog>
  );
}
