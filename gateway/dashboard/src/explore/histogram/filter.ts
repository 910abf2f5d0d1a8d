/** Where the pipes of a query begin. Invariant: a bar in quotes, in a regular expression or as `||` begins none. */

/** A regular expression: it ends a word, and is no path such as `/var/log`. */
const REGEX = /\/(?:[^/\\]|\\.)+\/(?=$|[\s)}\]|,])/sy;

export function filterOf(query: string): string {
  return query.slice(0, pipesAt(query)).trim();
}

export function pipesOf(query: string): string {
  return query.slice(pipesAt(query)).trim();
}

function pipesAt(query: string): number {
  let at = 0;
  while (at < query.length) {
    const sign = query[at];
    if (sign === '|' && query[at + 1] !== '|') return at;
    at +=
      sign === '|' || sign === '\\'
        ? 2
        : sign === '"'
          ? quoted(query, at)
          : sign === '/'
            ? regex(query, at)
            : 1;
  }
  return query.length;
}

function quoted(query: string, from: number): number {
  let at = from + 1;
  while (at < query.length && query[at] !== '"') at += query[at] === '\\' ? 2 : 1;
  return at + 1 - from;
}

/** Only where a value or word begins. */
function regex(query: string, at: number): number {
  if (at > 0 && !/[\s(:{,!=<>-]/.test(query.charAt(at - 1))) return 1;
  REGEX.lastIndex = at;
  return REGEX.exec(query)?.[0].length ?? 1;
}
