/** The way from a page to the lines that it speaks of. */
import type { Asked } from '../explore/time/span';

const USUAL: Asked = { from: 'now-15m', to: 'now' };

/** What the address of explore holds: its usual times are left out. */
export function toExplore(
  asked: Asked,
  more: { q?: string; line?: string },
): Record<string, string | undefined> {
  return {
    q: more.q || undefined,
    from: asked.from === USUAL.from ? undefined : asked.from,
    to: asked.to === USUAL.to ? undefined : asked.to,
    line: more.line,
  };
}
