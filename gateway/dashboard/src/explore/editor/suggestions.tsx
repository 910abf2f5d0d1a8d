/** The list below the caret. The keys are heard by the editor, which keeps the focus. */
import { useEffect, useRef } from 'react';
import { exact, short } from '../../design/numbers';
import type { Suggestion } from './check';
import css from './editor.module.css';

interface SuggestionsProps {
  id: string;
  suggestions: Suggestion[];
  chosen: number;
  place: { left: number; top: number };
  onTake(suggestion: Suggestion): void;
}

export function Suggestions({ id, suggestions, chosen, place, onTake }: SuggestionsProps) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.children[chosen]?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);
  return (
    <div ref={list} id={id} role="listbox" aria-label="Suggestions" className={css.list} style={place}>
      {suggestions.map((one, at) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are heard where one types
        <div
          key={`${one.kind} ${one.text}`}
          id={`${id}-${at}`}
          role="option"
          tabIndex={-1}
          aria-selected={at === chosen}
          className={css.option}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onTake(one)}
        >
          <span className={css.suggested}>{one.text}</span>
          <span className={css.about}>{one.detail ?? (/^(word|value)$/.test(one.kind) ? '' : one.kind)}</span>
          {one.count != null && (
            <span className={css.count} title={`${exact(one.count)} lines`}>
              {short(one.count)}
            </span>
          )}
        </div>
      ))}
    </div>
  );
}
