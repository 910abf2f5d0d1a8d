/** What is wrong with a query, where. */
import { Failure } from '../api/client';
import type { QueryProblem } from './editor/editor';

export function problemOf(error: unknown): QueryProblem | null {
  if (!(error instanceof Failure) || error.code !== 'invalid_query') return null;
  const { start, end, suggestion } = error.details;
  return {
    start: typeof start === 'number' ? start : 0,
    end: typeof end === 'number' ? end : 0,
    message: error.message,
    ...(typeof suggestion === 'string' && { suggestion }),
  };
}
