/**
 * What the addresses of the doors carry: where to go on, and the tokens of links.
 *
 * Invariant: nobody is led to another site by what stands in an address.
 */

/** Where to go after a login: a path of this site, or home. `base` is the address of the page. */
export function placeAfter(next: string | undefined, base: string): string {
  // A browser reads `//x`, `/\x` and `/<tab>/x` as the name of another site.
  if (!next?.startsWith('/') || /^\/[\\/]/.test(next) || hasControl(next)) return '/';
  const [here, there] = [new URL(base), new URL(next, base)];
  if (there.origin !== here.origin || isDoor(there.pathname)) return '/';
  return `${there.pathname}${there.search}${there.hash}`;
}

function isDoor(path: string): boolean {
  return /^\/(login|register)\/?$/.test(path);
}

function hasControl(text: string): boolean {
  return [...text].some((letter) => letter < ' ' || letter === '\u007f');
}

/** The token of a link from a mail. It stands behind `#`, which no server is sent, or in a query. */
export function tokenOf(hash: string, search: Record<string, string | undefined>): string {
  const inHash = new URLSearchParams(hash.replace(/^#/, '')).get('token');
  return (inHash ?? search.token ?? '').trim();
}

/** The token in what somebody pasted: the link, or the token alone. */
export function pastedToken(text: string): string {
  const typed = text.trim();
  return /[#?&]token=([^&#\s]+)/.exec(typed)?.[1] ?? typed;
}
