/**
 * Conditions that are added to a query by a click.
 *
 * Invariant: the query then asks what it asked and the condition, whatever signs the value has; a condition that is there
 * is not added again, and its opposite is turned around. What cannot be read stays as it was typed, behind the condition.
 */
import { read, type Token } from '../editor/tokens';

export function included(q: string, field: string, value: string): string {
  return added(q, `${nameText(field)}:${valueText(value)}`, true);
}

export function excluded(q: string, field: string, value: string): string {
  return added(q, `${nameText(field)}:${valueText(value)}`, false);
}

/** The name of a field as a query has it. */
export function nameText(name: string): string {
  return isPlain(name) && !/^[0-9]/.test(name) ? name : quoted(name);
}

/** A value as it stands behind the colon, where it means exactly itself. */
export function valueText(value: string): string {
  return isPlain(value) ? value : quoted(value);
}

function isPlain(text: string): boolean {
  return /^[\p{L}\p{Nd}._@][\p{L}\p{Nd}._@-]*$/u.test(text) && !/^(and|or|not|to)$/i.test(text);
}

const ESCAPES: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '"': '\\"', '\\': '\\\\' };

function quoted(text: string): string {
  const inside = text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is escaped
    /["\\\u0000-\u001f\u007f-\u009f]/g,
    (sign) => ESCAPES[sign] ?? `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `"${inside}"`;
}

function added(q: string, clause: string, isWanted: boolean): string {
  const { tokens, filterEnd, isOpen } = read(q);
  const filter = q.slice(0, filterEnd).trim();
  const pipes = q.slice(filterEnd).trim();
  const whole = (text: string) => (pipes ? `${text} ${pipes}` : text);
  const wanted = isWanted ? clause : `not ${clause}`;
  if (filter === '' || filter === '*') return whole(wanted);
  const inFilter = tokens.filter(({ start }) => start < filterEnd);
  const isEither = inFilter.some((token) => token.depth === 0 && isOr(q, token));
  if (isOpen || isHanging(q, inFilter)) return whole(`${wanted} and ${filter}`);
  if (isEither) return whole(`(${filter}) and ${wanted}`);
  const there = conditions(q, inFilter).find(({ text }) => text === clause);
  if (!there) return whole(`${filter} and ${wanted}`);
  if (there.isWanted === isWanted) return q;
  return `${q.slice(0, there.start)}${wanted}${q.slice(there.end)}`;
}

function isOr(q: string, { kind, start, end }: Token): boolean {
  return kind === 'keyword' && /^(or|\|\|)$/i.test(q.slice(start, end));
}

/** Whether something has to follow: an operator without what it joins, or a field without a value. */
function isHanging(q: string, tokens: Token[]): boolean {
  const last = tokens.at(-1);
  if (!last) return false;
  return last.kind === 'keyword' || last.kind === 'operator' || q.slice(last.start, last.end).endsWith('\\');
}

interface Condition {
  /** Without what negates it. */
  text: string;
  isWanted: boolean;
  start: number;
  end: number;
}

/** The conditions outside of groups, all of which must hold. */
function conditions(q: string, tokens: Token[]): Condition[] {
  const found: Condition[] = [];
  let begins: number | null = null;
  let inner: number | null = null;
  let isWanted = true;
  for (const { kind, start, end, depth } of tokens) {
    const text = q.slice(start, end);
    if (kind === 'keyword' && depth === 0 && /^(and|&&)$/i.test(text)) continue;
    begins ??= start;
    if (kind === 'keyword' && depth === 0) {
      isWanted = !isWanted;
      continue;
    }
    inner ??= start;
    const isEnd = depth === 0 && kind !== 'field' && kind !== 'operator' && !'([{'.includes(text);
    if (!isEnd) continue;
    found.push({ text: q.slice(inner, end), isWanted, start: begins, end });
    [begins, inner, isWanted] = [null, null, true];
  }
  return found;
}
