/**
 * What can be asked, by examples.
 *
 * Invariant: the server takes each of them as it stands; `events/src/query/language.rs` and `pipe/reference.rs` have all that
 * there is.
 */

export interface Example {
  q: string;
  what: string;
}

export interface Chapter {
  title: string;
  examples: Example[];
}

export const CHAPTERS: Chapter[] = [
  {
    title: 'Words',
    examples: [
      { q: 'timeout', what: 'lines that have the word in some value, in any case' },
      { q: 'read timeout', what: 'both words, in any place and order' },
      { q: '"read timeout"', what: 'the words beside each other, in this order' },
      { q: 'time*', what: 'a word that begins so; ? stands for one character' },
      { q: '/(?i)dead(lock|line)/', what: 'a regular expression, in some value; (?i) takes the case away' },
    ],
  },
  {
    title: 'Fields',
    examples: [
      { q: 'service:api', what: 'the value is api; in a value with white space, one of its words' },
      { q: 'message:"read timeout"', what: 'the message has this phrase' },
      { q: 'service:(api or web)', what: 'several values of one field' },
      { q: 'user.id:42', what: 'names have dots where the line has objects; numbers equal as numbers' },
      { q: 'host:web-*', what: 'the value matches the wildcard' },
      { q: 'trace_id:*', what: 'the field is there; not trace_id:* if it is not' },
      { q: 'path:/^\\/api\\/v\\d+/', what: 'a regular expression in one field' },
    ],
  },
  {
    title: 'Together',
    examples: [
      { q: 'level:error and service:checkout', what: 'both; nothing between two conditions is and, too' },
      { q: 'timeout or refused', what: 'one of them; and binds tighter than or' },
      { q: 'error -debug -"dry run"', what: 'not what has a - before it; not and ! are the same' },
      { q: 'service:api and (level:error or status>=500)', what: 'parentheses group' },
    ],
  },
  {
    title: 'More and less',
    examples: [
      { q: 'level>=warning', what: 'levels compare by how bad they are' },
      { q: 'status:[500 TO 599]', what: 'from and to, both included; a brace leaves its end out' },
      { q: 'took > 500ms', what: 'durations: ns us ms s m h d w' },
      { q: 'size > 10MB', what: 'sizes: B kB MB GB TB in thousands, KiB MiB GiB TiB in 1,024s' },
      { q: 'ip:10.0.0.0/8', what: 'an address of the network' },
      { q: 'timestamp >= now-15m', what: 'from fifteen minutes ago, within the time of the page' },
    ],
  },
];

/** What stands behind a `|` works on what was found before it. */
export const PIPES: Example[] = [
  {
    q: '| stats count() by service',
    what: 'measures groups: count, sum, avg, min, max, p50 to p99.9, distinct, first, last, rate',
  },
  {
    q: 'level>=error | stats count() as errors by bin(1m), service',
    what: 'over time, in steps of a minute',
  },
  { q: '| top 5 service by level', what: 'the most frequent values with their share in percent' },
  { q: '| rare 5 message', what: 'the least frequent values' },
  { q: '| uniq service, host', what: 'each combination once, with how many lines have it' },
  { q: 'level>=error | patterns 10', what: 'messages that differ only in their variables, as one' },
  { q: '| extract "took <ms>ms" | stats p95(ms)', what: 'makes columns of what is found in the message' },
  { q: '| eval slow = if(took > 500ms, "slow", "fine") | stats count() by slow', what: 'computes columns' },
  {
    q: '| stats count() as lines by service | where lines > 100',
    what: 'leaves the rows for which a filter holds',
  },
  { q: '| sort by service, timestamp desc | limit 20', what: 'orders rows, and leaves the first ones' },
  {
    q: 'level>=error | fields timestamp, service, message | limit 100',
    what: 'leaves these columns; fields -a and drop a take columns away',
  },
];
