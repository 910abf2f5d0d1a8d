/**
 * A list that is higher than browsers can scroll, on a track that they can.
 *
 * Small movements go by pixels, great ones (a drag of the scroll bar) by their share of the track. Invariant: what is seen
 * never jumps while one moves by pixels, every row can be come to, and near both ends the track is as long as the list.
 */
export interface Place {
  /** How far the box is scrolled. */
  scrolled: number;
  /** How much of the list is left out of the track above what is seen. */
  skipped: number;
}

/** Firefox ends near 17.9 million pixels, Chromium at 33.5; above 16.7 million a place is no whole pixel. */
export const TRACK_MAX = 8_000_000;
/** Of the track, at both ends, where nothing is left out. */
const END = 100_000;
/** How far the bar may be from the share of the list that is seen. */
const ASTRAY_MAX = 50_000;

export const BEGIN: Place = { scrolled: 0, skipped: 0 };

/** The place in the whole list. */
export function topOf({ scrolled, skipped }: Place): number {
  return scrolled + skipped;
}

export function trackOf(total: number): number {
  return Math.min(total, TRACK_MAX);
}

/** The box was scrolled, by whatever means. */
export function moved(before: Place, scrolled: number, total: number, view: number): Place {
  const isSmall = Math.abs(scrolled - before.scrolled) <= stepMax(view);
  if (isSmall) return settled({ scrolled, skipped: before.skipped }, total, view);
  const share = (scrolled - END) / (TRACK_MAX - 2 * END);
  return { scrolled, skipped: Math.round(leftOut(total) * within(share)) };
}

/** To a place in the whole list, by as little of a movement of the bar as can be. */
export function shown(before: Place, top: number, total: number, view: number): Place {
  return settled({ scrolled: top - before.skipped, skipped: before.skipped }, total, view);
}

/** The same place, with enough room on the track to both sides of it. */
export function settled(place: Place, total: number, view: number): Place {
  const top = topOf(place);
  const all = leftOut(total);
  const skipped = Math.round(all * within((top - END) / (total - 2 * END)));
  const room = 2 * stepMax(view);
  const isTight =
    (place.scrolled < room && place.skipped > 0) ||
    (place.scrolled > TRACK_MAX - view - room && place.skipped !== all);
  const isAstray = Math.abs(place.skipped - skipped) > (all > 0 ? ASTRAY_MAX : 0);
  return isTight || isAstray ? { scrolled: Math.max(top - skipped, 0), skipped } : place;
}

function leftOut(total: number): number {
  return Math.max(total - TRACK_MAX, 0);
}

/** A wheel moves by less; the least drag of a bar, half a pixel, by more. */
function stepMax(view: number): number {
  return Math.max(view, Math.min(4 * view, TRACK_MAX / (2 * view)));
}

function within(share: number): number {
  return Math.min(Math.max(share, 0), 1);
}
