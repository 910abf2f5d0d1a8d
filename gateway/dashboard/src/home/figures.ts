/**
 * The figures of home: those of a span, and those of as long before.
 *
 * Invariant: all are asked for the same moment, so that they fit to each other; a change is only told if there were lines
 * in all of the time before.
 */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { ask } from '../api/client';
import type { Facets, Histogram, Stats, ValueCount } from '../api/schema';
import { stepOf } from '../explore/histogram/bars';
import { type Asked, resolved, type Span } from '../explore/time/span';
import { spanBefore, times } from './asked';

export const EVERY_MS = 30_000;
const SERVICES_SHOWN = 8;
const ERRORS = 'critical,error';

export interface Figures {
  span: Span;
  now: Stats;
  before: Stats;
  services: { now: number; before: number };
  /** What the changes are measured against. */
  base: Base;
}

/** `whole`: lines are known from the beginning of the time before. */
export type Base = { name: 'whole' } | { name: 'short'; earliest: string } | { name: 'none' };

export function baseOf(stats: Stats, from: Date): Base {
  const { earliest } = stats.storage;
  if (!earliest) return { name: 'none' };
  return Date.parse(earliest) <= from.getTime() ? { name: 'whole' } : { name: 'short', earliest };
}

/** What keeps an answer fresh, if its span ends now. Until another span is answered, the one before is shown. */
function fresh(asked: Asked) {
  const refetchInterval = /^now$/i.test(asked.to.trim()) ? EVERY_MS : (false as const);
  return { refetchInterval, placeholderData: keepPreviousData };
}

export function figures(asked: Asked) {
  return queryOptions({
    queryKey: ['GET /api/logs/stats', { home: asked }],
    queryFn: ({ signal }) => figuresAt(asked, new Date(), signal),
    ...fresh(asked),
  });
}

async function figuresAt(asked: Asked, at: Date, signal: AbortSignal): Promise<Figures> {
  const span = resolved(asked, at);
  const earlier = spanBefore(span);
  const [now, before, here, there] = await Promise.all([
    ask('GET /api/logs/stats', { query: { ...times(span), size: SERVICES_SHOWN }, signal }),
    ask('GET /api/logs/stats', { query: { ...times(earlier), size: 1 }, signal }),
    services(span, signal),
    services(earlier, signal),
  ]);
  return { span, now, before, services: { now: here, before: there }, base: baseOf(now, earlier.from) };
}

async function services(span: { from: Date; to: Date }, signal: AbortSignal): Promise<number> {
  const q = '| stats distinct(service) as services';
  const { rows } = await ask('GET /api/logs/search', { query: { q, ...times(span), save: false }, signal });
  const count = rows?.[0]?.[0];
  return typeof count === 'number' ? count : 0;
}

export interface Volume {
  span: Span;
  step: number;
  histogram: Histogram;
}

export function volume(asked: Asked) {
  return queryOptions({
    queryKey: ['GET /api/logs/histogram', { home: asked }],
    queryFn: async ({ signal }): Promise<Volume> => {
      const span = resolved(asked, new Date());
      const step = stepOf(span.from.getTime(), span.to.getTime());
      const query = { ...times(span), interval: `${step}ms` };
      return { span, step, histogram: await ask('GET /api/logs/histogram', { query, signal }) };
    },
    ...fresh(asked),
  });
}

export function errorsByService(asked: Asked) {
  return queryOptions({
    queryKey: ['GET /api/logs/facets', { home: asked }],
    queryFn: ({ signal }): Promise<Facets> => {
      const query = { ...times(resolved(asked, new Date())), level: ERRORS, fields: 'service', size: 1000 };
      return ask('GET /api/logs/facets', { query, signal });
    },
    ...fresh(asked),
  });
}

export function recentErrors(asked: Asked, size: number) {
  return queryOptions({
    queryKey: ['GET /api/logs/search', { home: asked, size }],
    queryFn: ({ signal }) => {
      const query = { ...times(resolved(asked, new Date())), level: ERRORS, size, save: false, total: false };
      return ask('GET /api/logs/search', { query, signal });
    },
    ...fresh(asked),
  });
}

export interface ServiceRow {
  service: string;
  lines: number;
  errors: number;
  /** Of the busiest one. */
  share: number;
}

export function serviceRows(lines: readonly ValueCount[], errors: readonly ValueCount[]): ServiceRow[] {
  const failed = new Map(errors.map(({ value, count }) => [String(value), count]));
  const most = Math.max(...lines.map(({ count }) => count), 1);
  return lines.map(({ value, count }) => {
    const service = String(value);
    return { service, lines: count, errors: failed.get(service) ?? 0, share: count / most };
  });
}
