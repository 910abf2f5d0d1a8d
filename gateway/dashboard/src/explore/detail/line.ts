/**
 * One line as the server tells it.
 *
 * Invariant: numbers keep all digits that were sent, also those that this language cannot count with; names such as
 * `__proto__` are names.
 */
import { addressOf, send } from '../../api/client';
import type { Line } from '../../api/schema';
import { quoted } from '../../api/shell';

/** A number that would lose digits. */
export class Digits {
  constructor(readonly source: string) {}

  toJSON(): string {
    return MARK + this.source;
  }

  toString(): string {
    return this.source;
  }
}

/** What tells such a number from a text while it is written as one; nobody who sends lines knows it. */
const MARK = `digits ${Math.random().toString(36).slice(2)} `;
const PART = /"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*/g;

export function parsed(text: string): unknown {
  const kept = text.replace(PART, (part) =>
    part.startsWith('"') || String(Number(part)) === part ? part : `"${MARK}${part}"`,
  );
  return JSON.parse(kept, (_, value) =>
    typeof value === 'string' && value.startsWith(MARK) ? new Digits(value.slice(MARK.length)) : value,
  );
}

function written(value: unknown): string {
  return JSON.stringify(value, null, 2).replaceAll(new RegExp(`"${MARK}([^"]*)"`, 'g'), '$1');
}

export function lineQuestion(id: string) {
  return {
    queryKey: ['GET /api/logs/{id}', { path: { id } }] as const,
    queryFn: async ({ signal }: { signal: AbortSignal }): Promise<Line> => {
      const answer = await send(addressOf('GET /api/logs/{id}', { path: { id } }), { signal });
      return parsed(await answer.text()) as Line;
    },
    // A line that was written stays as it is.
    staleTime: 300_000,
  };
}

/** Fields of the answer that are not fields of the line. */
const ABOUT = ['id', 'raw', 'raw_log', 'arrival', 'highlight', 'original', 'received_at'];

export interface Entry {
  name: string;
  value: unknown;
}

/** What the line says: its message first, then what else is known under fixed names, then its own fields. */
export function entriesOf(line: Line): Entry[] {
  const entries = Object.entries(line).map(([name, value]): Entry => ({ name, value }));
  const said = entries.filter(({ name, value }) => !ABOUT.includes(name) && !isMissing(line, name, value));
  return said.sort((one, other) => rank(one) - rank(other));
}

const FIXED = ['message', 'level', 'service', 'host', 'environment', 'source'];
const ORDER = ['message', 'timestamp', ...FIXED];

function rank({ name }: Entry): number {
  const at = ORDER.indexOf(name);
  return at < 0 ? ORDER.length : at;
}

/** The answer has all fixed names; the line may not. */
function isMissing(line: Line, name: string, value: unknown): boolean {
  return value === null && FIXED.includes(name) && !Object.hasOwn(line.original ?? {}, name);
}

/** The line without what only this answer says. */
export function asJson(line: Line): string {
  const own = Object.entries(line).filter(
    ([name]) => !['raw', 'raw_log', 'arrival', 'highlight'].includes(name),
  );
  return written(Object.fromEntries(own));
}

/** The id of its trace, under the names that senders use. */
export function traceOf(line: Line): string | null {
  const own = line as unknown as Record<string, unknown>;
  const nested = own.trace;
  const found = own.trace_id ?? own['trace.id'] ?? (isObject(nested) ? nested.id : undefined);
  return typeof found === 'string' && found !== '' ? found : null;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !(value instanceof Digits);
}

/** A value as a condition has it; `null` if it is none. */
export function conditionOf(value: unknown): string | null {
  if (value === null || isObject(value)) return null;
  const text = String(value);
  return text.length <= VALUE_MAX ? text : null;
}

const VALUE_MAX = 2000;

export function permalink(id: string): string {
  const url = new URL(location.href);
  url.searchParams.set('line', id);
  return url.toString();
}

export function asCurl(id: string): string {
  return `curl -H "Authorization: Bearer $ANTLER_TOKEN" ${quoted(addressOf('GET /api/logs/{id}', { path: { id } }))}`;
}
