/**
 * A query as coloured pieces, and where its parts are.
 *
 * Invariant: pieces stand in the order of the text and do not overlap; any text is read to its end. Mistakes are the
 * server's to tell: here they are coloured as well as can be.
 */
import { type Lexed, lexed, type Mode } from './lexer';

export type Kind =
  | 'field'
  | 'operator'
  | 'keyword'
  | 'word'
  | 'string'
  | 'number'
  | 'regex'
  | 'pipe'
  | 'command'
  | 'function'
  | 'bracket';

export interface Token {
  kind: Kind;
  start: number;
  end: number;
  /** How many groups are open around it; a bracket stands outside of its own. */
  depth: number;
}

export interface QueryText {
  tokens: Token[];
  /** Where the first pipe is, or the end of the text. */
  filterEnd: number;
  /** A quote or group has no end. */
  isOpen: boolean;
}

const COMPARISONS = [':', '<', '<=', '>', '>=', '=', '==', '!='];
const KEYWORDS = /^(and|or|not)$/i;
const STAGE_WORDS = /^(by|as|asc|desc|from|of|and|or|not)$/i;
const NUMBER = /^[+-]?[0-9]|^now($|[-+/])/;

export function read(text: string): QueryText {
  const reader = new Reader(text);
  reader.filter(0);
  const filterEnd = reader.at;
  while (reader.at < text.length) reader.stage();
  return { tokens: reader.tokens, filterEnd, isOpen: reader.isOpen };
}

/** The query without its pipes: which lines it asks for. */
export function filterOf(query: string): string {
  return query.slice(0, read(query).filterEnd).trim();
}

/** What is done with them. A bar in quotes, in a regular expression or as `||` begins no pipe. */
export function pipesOf(query: string): string {
  return query.slice(read(query).filterEnd).trim();
}

class Reader {
  tokens: Token[] = [];
  at = 0;
  isOpen = false;
  private depth = 0;

  constructor(private readonly text: string) {}

  /** Up to a pipe outside of groups, or the end. */
  filter(from: number) {
    this.at = from;
    /** What the terms of each group are. */
    const groups: Mode[] = ['term'];
    let expectsValue = false;
    for (;;) {
      const mode = expectsValue ? 'value' : (groups.at(-1) ?? 'term');
      const one = this.peek(mode);
      const sign = one.sort === 'sign' ? this.of(one) : '';
      if (one.sort === 'end' || (sign === '|' && this.depth === 0)) break;
      const isValue = mode === 'value';
      expectsValue = false;
      if (sign === '(') {
        groups.push(isValue ? 'value' : 'term');
        this.open(one);
      } else if (isValue && (sign === '[' || (sign === '{' && this.opensRange(one)))) {
        this.range(one);
      } else if (sign === '{') {
        groups.push('term');
        this.open(one);
      } else if (sign === ')' || sign === '}') {
        if (groups.length > 1) groups.pop();
        this.close(one);
      } else if (COMPARISONS.includes(sign)) {
        this.take(one, 'operator');
        expectsValue = true;
      } else this.take(one, sign ? 'keyword' : this.termKind(one, isValue));
    }
    this.isOpen ||= this.depth > 0;
    this.depth = 0;
  }

  /** From a pipe to the next one. */
  stage() {
    this.take(this.peek('pipe'), 'pipe');
    const name = this.peek('pipe');
    if (name.sort !== 'word') return this.rest('pipe');
    this.take(name, 'command');
    const command = this.of(name).toLowerCase();
    if (command === 'where') return this.filter(this.at);
    this.rest(command === 'eval' ? 'expression' : 'pipe');
  }

  private rest(mode: Mode) {
    for (;;) {
      const one = this.peek(mode);
      const sign = one.sort === 'sign' ? this.of(one) : '';
      if (one.sort === 'end' || sign === '|') break;
      if ('([{'.includes(sign) && sign) this.open(one);
      else if (')]}'.includes(sign) && sign) this.close(one);
      else this.take(one, sign ? 'operator' : this.stageKind(one));
    }
    this.isOpen ||= this.depth > 0;
    this.depth = 0;
  }

  /** `[1 TO 5]`, whose bracket comes next. */
  private range(open: Lexed) {
    this.open(open);
    for (let count = 0; count < 4; count += 1) {
      const one = this.peek('range');
      const sign = one.sort === 'sign' ? this.of(one) : '';
      if (sign === ']' || sign === '}') return this.close(one);
      if (sign || one.sort === 'end') break;
      this.take(one, /^to$/i.test(this.of(one)) ? 'keyword' : this.valueKind(one));
    }
    this.isOpen = true;
    this.depth -= 1;
  }

  /** Two tokens behind the brace stands `TO`. */
  private opensRange(brace: Lexed): boolean {
    const first = lexed(this.text, brace.end, 'range');
    if (first.sort !== 'word' && first.sort !== 'quoted') return false;
    return this.of(lexed(this.text, first.end, 'range')) === 'TO';
  }

  private termKind(one: Lexed, isValue: boolean): Kind {
    if (one.sort === 'word' && KEYWORDS.test(this.of(one))) return 'keyword';
    if (!isValue && (one.sort === 'word' || one.sort === 'quoted')) {
      const next = lexed(this.text, one.end, 'term');
      if (next.sort === 'sign' && COMPARISONS.includes(this.of(next))) return 'field';
      if (one.sort === 'word') return 'word';
    }
    return this.valueKind(one);
  }

  private valueKind(one: Lexed): Kind {
    if (one.sort === 'regex') return 'regex';
    if (one.sort !== 'word') return 'string';
    return NUMBER.test(this.of(one)) ? 'number' : 'word';
  }

  private stageKind(one: Lexed): Kind {
    if (one.sort !== 'word') return one.sort === 'regex' ? 'regex' : 'string';
    const word = this.of(one);
    if (this.text.charAt(one.end) === '(') return 'function';
    if (STAGE_WORDS.test(word)) return 'keyword';
    return NUMBER.test(word) ? 'number' : 'field';
  }

  private open(one: Lexed) {
    this.take(one, 'bracket');
    this.depth += 1;
  }

  private close(one: Lexed) {
    this.depth = Math.max(this.depth - 1, 0);
    this.take(one, 'bracket');
  }

  private take(one: Lexed, kind: Kind) {
    if (one.sort === 'open-quoted') this.isOpen = true;
    this.at = one.end;
    if (one.end > one.start) this.tokens.push({ kind, start: one.start, end: one.end, depth: this.depth });
  }

  private peek(mode: Mode): Lexed {
    const one = lexed(this.text, this.at, mode);
    if (one.sort === 'end' || (one.sort === 'sign' && this.of(one) === '|')) this.at = one.start;
    return one;
  }

  private of({ start, end }: Lexed): string {
    return this.text.slice(start, end);
  }
}

/** What a line was found by: the words to mark in its message. What is not wanted is none of them. */
export function wantedWords(query: string): string[] {
  const { tokens, filterEnd } = read(query);
  const words = new Set<string>();
  let field: string | null = null;
  let isNegated = false;
  /** Around the group whose values are of the field, or that is not wanted. */
  let around: number | null = null;
  for (const { kind, start, end, depth } of tokens) {
    if (start >= filterEnd) break;
    const text = query.slice(start, end);
    if (kind === 'keyword') isNegated ||= /^(not|!|-)$/i.test(text);
    else if (kind === 'field') field ??= text;
    else if (kind === 'bracket') {
      if ('({['.includes(text) && (field !== null || isNegated)) around ??= depth;
      else if (depth === around) [field, isNegated, around] = [null, false, null];
    } else if (kind !== 'operator') {
      const isShown = field === null || field === 'message' || field === '*';
      if (isShown && !isNegated && kind !== 'regex') for (const word of plain(text, kind)) words.add(word);
      if (around === null) [field, isNegated] = [null, false];
    }
  }
  return [...words];
}

/** Without quotes, escapes and wildcards. */
function plain(text: string, kind: Kind): string[] {
  const inside = kind === 'string' ? text.slice(1, text.endsWith('"') ? -1 : undefined) : text;
  const parts = kind === 'string' ? [inside] : inside.split(/(?<!\\)[*?]+/);
  return parts.map((part) => part.replace(/\\(.)/g, '$1')).filter((part) => part.length > 1);
}
