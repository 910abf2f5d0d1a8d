/** Asks for the counts. Invariant: counts carry the span that they were asked for, so that old bars keep their own times. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo, useRef } from 'react';
import { ask } from '../../api/client';
import { answers } from '../../api/questions';
import { useSeconds } from '../../design/seconds';
import { filterOf } from '../editor/tokens';
import { type Column, columnsOf, stepOf } from './bars';

export interface CountsAsked {
  q: string;
  span: { from: Date; to: Date };
  ranAt: number;
}

export interface Counts {
  columns: Column[];
  from: number;
  to: number;
  step: number;
  total: number;
  took: number;
  isPartial: boolean;
  warnings: string[];
}

const ROUTE = 'GET /api/logs/histogram';

async function count(q: string, from: number, to: number, signal: AbortSignal): Promise<Counts> {
  const step = stepOf(from, to);
  const times = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
  const answer = await ask(ROUTE, { query: { q, ...times, interval: `${step}ms` }, signal });
  return {
    columns: columnsOf(answer.buckets, answer.interval_ms, from, to),
    from,
    to,
    step: answer.interval_ms,
    total: answer.total,
    took: answer.took,
    isPartial: answer.partial,
    warnings: answer.warnings,
  };
}

/** The counts, or the last that there were while new ones are awaited or failed. */
export function useCounts({ q, span, ranAt }: CountsAsked) {
  const [from, to, filter] = [span.from.getTime(), span.to.getTime(), filterOf(q)];
  const queryKey = useMemo(() => [ROUTE, { q: filter, from, to, ranAt }], [filter, from, to, ranAt]);
  const query = useQuery({
    queryKey,
    queryFn: ({ signal }) => count(filter, from, to, signal),
    placeholderData: keepPreviousData,
    gcTime: 60_000,
  });
  const kept = useRef<Counts | null>(null);
  if (query.data) kept.current = query.data;
  const nothing = useMemo(() => columnsOf([], stepOf(from, to), from, to), [from, to]);
  return {
    counts: kept.current,
    columns: kept.current?.columns ?? nothing,
    from: kept.current?.from ?? from,
    to: kept.current?.to ?? to,
    isOld: query.isPlaceholderData || !query.data,
    isWaiting: query.isFetching,
    error: query.error,
    seconds: useSeconds(query.isFetching),
    again: () => void query.refetch(),
    cancel: () => void answers.cancelQueries({ queryKey }),
  };
}
