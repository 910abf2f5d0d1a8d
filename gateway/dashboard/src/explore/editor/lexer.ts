/**
 * One token of a query at a time, as the server reads it (`events/src/query/lexer.rs`); places count UTF-16 units.
 *
 * Invariant: a token is never empty but at the end, and is found in time linear in its length. It resolves no escapes.
 */

/** Where the reader stands: the same characters are other tokens in other places. */
export type Mode = 'term' | 'value' | 'range' | 'pipe' | 'expression';

export type Sort = 'word' | 'quoted' | 'open-quoted' | 'regex' | 'sign' | 'end';

export interface Lexed {
  sort: Sort;
  start: number;
  end: number;
}

const SPACE = /\s/;
const DIGIT = /[0-9]/;
const NEGATED = /["(/_@*?\\A-Za-z\u0080-\uffff]/;
const NAME = /[\p{L}\p{N}_.@$#\ud800-\udfff]/u;
const PART = /[A-Za-z0-9_$~\u0080-\uffff]/;

export function lexed(text: string, from: number, mode: Mode): Lexed {
  let start = from;
  while (start < text.length && isSpace(text, start)) start += 1;
  const found = (sort: Sort, end: number): Lexed => ({ sort, start, end });
  if (start >= text.length) return found('end', start);
  const first = text.charAt(start);
  if (first === '"' || (first === '`' && mode === 'expression')) {
    const end = quoteEnd(text, start, first);
    return end === null ? found('open-quoted', text.length) : found('quoted', end);
  }
  if (first === '/' && mode !== 'expression') {
    const end = regexEnd(text, start);
    return end === null ? found('word', wordEnd(text, start, mode)) : found('regex', end);
  }
  const length = signLength(text, start, mode);
  return length > 0 ? found('sign', start + length) : found('word', wordEnd(text, start, mode));
}

function isSpace(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 32 || code === 10 || ((code < 32 || code > 127) && SPACE.test(text.charAt(at)));
}

/** Behind the quote that closes it; a backslash keeps the next character from doing so. */
function quoteEnd(text: string, start: number, quote: string): number | null {
  for (let at = start + 1; at < text.length; at += 1) {
    const here = text.charAt(at);
    if (here === '\\') at += 1;
    else if (here === quote) return at + 1;
  }
  return null;
}

/** Of `/…/` before the end of a word; anything else is a path. */
function regexEnd(text: string, start: number): number | null {
  let at = start + 1;
  while (at < text.length && text.charAt(at) !== '/') at += text.charAt(at) === '\\' ? 2 : 1;
  if (at >= text.length || at === start + 1) return null;
  const isEnd = at + 1 === text.length || isSpace(text, at + 1) || ')}]|,'.includes(text.charAt(at + 1));
  return isEnd ? at + 1 : null;
}

const PAIRS = ['<=', '>=', '==', '!=', '||', '&&'];

function signLength(text: string, at: number, mode: Mode): number {
  const pair = text.slice(at, at + 2);
  if (PAIRS.includes(pair) && !(pair === '&&' && mode === 'range')) return 2;
  return isSign(text.charAt(at), text.charAt(at + 1), mode) ? 1 : 0;
}

function isSign(here: string, next: string, mode: Mode): boolean {
  switch (here) {
    case '(':
    case ')':
    case '{':
    case '}':
    case '|':
    case '<':
    case '>':
    case '=':
      return true;
    case ':':
      return mode !== 'value' && mode !== 'range';
    case ',':
      return mode === 'expression' || mode === 'pipe' || endsItem(next);
    case '[':
      return mode !== 'term';
    case ']':
      return mode !== 'term' && mode !== 'value';
    case '!':
      return mode !== 'range';
    case '-':
      return mode === 'expression' || (mode !== 'range' && mode !== 'value' && NEGATED.test(next));
    case '+':
    case '*':
    case '/':
    case '%':
      return mode === 'expression';
    default:
      return false;
  }
}

/** Whether a comma separates: `1,234` is one word. */
function endsItem(next: string): boolean {
  return next === '' || SPACE.test(next) || ')}],|'.includes(next);
}

function wordEnd(text: string, start: number, mode: Mode): number {
  for (let at = start; at < text.length; at += 1) {
    if (text.charAt(at) === '\\' && mode !== 'expression') at += 1;
    else if (at > start && endsWord(text, start, at, mode)) return at;
  }
  return text.length;
}

function endsWord(text: string, start: number, at: number, mode: Mode): boolean {
  const here = text.charAt(at);
  if (mode === 'expression') return !(NAME.test(here) || isExponent(text, start, at));
  switch (here) {
    case '(':
    case ')':
    case '{':
    case '}':
    case '|':
    case '<':
    case '>':
    case '"':
      return true;
    case '!':
      return text.charAt(at + 1) === '=';
    case '&':
      return text.charAt(at + 1) === '&' && mode !== 'range';
    case ',':
      return mode === 'pipe' || endsItem(text.charAt(at + 1));
    case '=':
      return mode !== 'value' && mode !== 'range';
    case ':':
      return mode === 'term' ? !joins(text, start, at) : mode === 'pipe';
    case ']':
      return mode !== 'term' && mode !== 'value';
    case '[':
      return mode === 'pipe';
    default:
      return isSpace(text, at);
  }
}

/** Whether a colon is part of the word around it: `http://…`, `std::io`, `12:30`. */
function joins(text: string, start: number, at: number): boolean {
  const before = at > start ? text.charAt(at - 1) : '';
  const next = text.charAt(at + 1);
  if (next === '/') return text.charAt(at + 2) === '/';
  if (next === ':') return PART.test(text.charAt(at + 2));
  if (before === ':') return PART.test(next) && at - start > 1 && PART.test(text.charAt(at - 2));
  return DIGIT.test(text.charAt(start)) && DIGIT.test(before) && DIGIT.test(next);
}

/** The sign in `1e-5`. */
function isExponent(text: string, start: number, at: number): boolean {
  return /^[0-9.]+[eE][+-][0-9]$/.test(text.slice(start, Math.min(at + 2, start + 40)));
}
