/**
 * What the server says of a query while one writes it.
 *
 * Invariant: what is known is of the text that it names; who uses it compares. A server that does not answer leaves only
 * the suggestions out.
 */
import { useEffect, useState } from 'react';
import { ask } from '../../api/client';
import type { QueryCheck } from '../../api/schema';

const WAIT_MS = 120;

export type Suggestion = QueryCheck['completion']['suggestions'][number];

export interface Checked {
  text: string;
  completion: QueryCheck['completion'];
  diagnostics: QueryCheck['diagnostics'];
}

interface Asked {
  text: string;
  caret: number;
  /** Nobody is asked while it is false. */
  isWanted: boolean;
  from: string | undefined;
  to: string | undefined;
}

export function useCheck({ text, caret, isWanted, from, to }: Asked): Checked | null {
  const [checked, setChecked] = useState<Checked | null>(null);
  useEffect(() => {
    if (!isWanted) return;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      const query = { q: text, cursor: caret, from, to };
      ask('GET /api/logs/validate-query', { query, signal: abort.signal }).then(
        ({ completion, diagnostics }) => setChecked({ text, completion, diagnostics }),
        () => undefined,
      );
    }, WAIT_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [text, caret, isWanted, from, to]);
  return checked;
}
