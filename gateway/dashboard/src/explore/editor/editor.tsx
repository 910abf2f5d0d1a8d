/**
 * Where a query is written: the browser's own text area, over a layer that shows the same text in colours.
 *
 * Invariant: the text area has the text and the caret; whatever else fails, one can type and run. Suggestions come only
 * while one types, and take a key only when one of them was chosen.
 */
import { type KeyboardEvent, type Ref, useId, useImperativeHandle, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { join } from '../../design/controls';
import { type Suggestion, useCheck } from './check';
import { isWorth, type Taken, taken } from './choice';
import css from './editor.module.css';
import { shownText, useColours, usePlace } from './layer';
import { canPaint } from './paint';
import { Problem, type QueryProblem } from './problem';
import { Suggestions } from './suggestions';

export type { QueryProblem } from './problem';

export interface EditorProps {
  value: string;
  onChange(text: string): void;
  onRun(): void;
  problem: QueryProblem | null;
  times: { from?: string; to?: string };
  label?: string;
  ref?: Ref<{ focus(): void }>;
}

/** Whether suggestions are shown: because one types, because they were asked for, or not at all. */
type Offering = 'typing' | 'asked' | null;

export function Editor({ value, onChange, onRun, problem, times, label = 'Query', ref }: EditorProps) {
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const layer = useRef<HTMLDivElement>(null);
  const latest = useRef(onRun);
  latest.current = onRun;
  const [caret, setCaret] = useState(0);
  const [offering, setOffering] = useState<Offering>(null);
  const [chosen, setChosen] = useState(-1);
  useImperativeHandle(ref, () => ({ focus: () => area.current?.focus() }), []);

  const { from, to } = times;
  const checked = useCheck({ text: value, caret, isWanted: offering !== null, from, to });
  const offered = checked && (offering === 'asked' || (offering && isWorth(checked))) ? checked : null;
  const suggestions = offered?.completion.suggestions ?? [];
  const isOpen = suggestions.length > 0;
  const problemNow = useCurrent(problem, value);
  const found = checked?.text === value ? checked.diagnostics : NONE;
  useColours(layer, value, problemNow, found);
  const place = usePlace(layer, isOpen ? offered : null);

  const write = ({ start, end, text }: Taken) => {
    const target = area.current;
    if (!target || (start === end && text === '')) return;
    target.focus();
    target.setSelectionRange(start, end);
    // As if it were typed: the browser can take it back.
    const isTyped = document.execCommand(text ? 'insertText' : 'delete', false, text);
    if (!isTyped) onChange(value.slice(0, start) + text + value.slice(end));
  };
  const close = () => {
    setOffering(null);
    setChosen(-1);
  };
  const take = (suggestion: Suggestion | undefined) => {
    const change = suggestion && offered && taken(offered, value, caret, suggestion);
    if (change) write(change);
    setChosen(-1);
  };
  const run = () => {
    close();
    latest.current();
  };
  const fix = (text: string) => {
    if (!problemNow) return;
    flushSync(() => write({ ...problemNow, text }));
    run();
  };
  const show = () => {
    area.current?.focus();
    if (problemNow) area.current?.setSelectionRange(problemNow.start, problemNow.end);
  };

  const keys = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing || !heard(event)) return;
    event.preventDefault();
  };
  /** Whether the key was for the editor. */
  const heard = ({ key, shiftKey, ctrlKey, altKey, metaKey }: KeyboardEvent): boolean => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[key];
    if ((key === ' ' && ctrlKey) || (key === 'ArrowDown' && (altKey || value === '') && !isOpen)) {
      setOffering('asked');
      return true;
    }
    if (key === 'Escape') {
      if (isOpen) close();
      else document.getElementById('main')?.focus({ preventScroll: true });
      return true;
    }
    if (key === 'Enter' && (ctrlKey || metaKey)) {
      run();
      return true;
    }
    if (key === 'Enter' && !shiftKey) {
      if (isOpen && chosen >= 0) take(suggestions[chosen]);
      else run();
      return true;
    }
    if (!isOpen || shiftKey || ctrlKey || altKey || metaKey) return false;
    if (step)
      setChosen((Math.max(chosen, step > 0 ? -1 : 0) + step + suggestions.length) % suggestions.length);
    else if (key === 'Tab' && chosen < 0) setChosen(0);
    else if (key === 'Tab') take(suggestions[chosen]);
    else return false;
    return true;
  };

  return (
    <div className={css.editor}>
      <div className={css.box} data-wrong={problemNow ? true : undefined}>
        <div ref={layer} className={join(css.text, css.layer)} aria-hidden hidden={!canPaint}>
          {shownText(value)}
        </div>
        <textarea
          ref={area}
          className={join(css.text, css.area)}
          data-plain={!canPaint || undefined}
          dir="ltr"
          rows={1}
          aria-label={label}
          aria-autocomplete="list"
          aria-haspopup="listbox"
          aria-controls={isOpen ? id : undefined}
          aria-activedescendant={isOpen && chosen >= 0 ? `${id}-${chosen}` : undefined}
          aria-invalid={problemNow ? true : undefined}
          aria-describedby={problem ? `${id}-problem` : undefined}
          placeholder="level:error and service:checkout"
          autoCapitalize="off"
          autoComplete="off"
          autoCorrect="off"
          spellCheck={false}
          enterKeyHint="search"
          value={value}
          onChange={(event) => {
            setCaret(event.target.selectionStart);
            setOffering('typing');
            setChosen(-1);
            onChange(event.target.value);
          }}
          onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
          onScroll={(event) => layer.current?.scrollTo({ top: event.currentTarget.scrollTop })}
          onBlur={close}
          onKeyDown={keys}
        />
        {isOpen && (
          <Suggestions id={id} suggestions={suggestions} chosen={chosen} place={place} onTake={take} />
        )}
      </div>
      <span className="unseen" role="status">
        {isOpen ? `${suggestions.length} suggestions` : ''}
      </span>
      {problem && (
        <Problem
          id={`${id}-problem`}
          problem={problem}
          onShow={problemNow && show}
          onFix={problemNow && fix}
        />
      )}
    </div>
  );
}

const NONE: never[] = [];

/** The problem as long as the text is the one that it was found in. */
function useCurrent(problem: QueryProblem | null, value: string): QueryProblem | null {
  const [of, setOf] = useState({ problem, value });
  const isSame = of.problem?.message === problem?.message && of.problem?.start === problem?.start;
  if (!isSame) setOf({ problem, value });
  return isSame && of.value !== value ? null : problem;
}
