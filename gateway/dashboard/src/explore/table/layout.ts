/** Where the figures and names of a chart stand. Invariant: names do not lie on each other while there is room. */

const LABEL_ROOM = 16;
const NICE = [1, 2, 2.5, 5, 10];

/** A round number that is not smaller. */
export function roundedUp(value: number): number {
  if (value <= 0 || !Number.isFinite(value)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return (NICE.find((one) => one * power >= value) ?? 10) * power;
}

/** Round figures from below all values to above them, zero among them. */
export function valueTicks(least: number, most: number): number[] {
  const [low, high] = [Math.min(0, least), Math.max(0, most)];
  const step = roundedUp((high - low) / 4);
  const ticks: number[] = [];
  const [first, last] = [Math.floor(low / step), Math.max(Math.ceil(high / step), 1)];
  for (let at = first; at <= last; at += 1) ticks.push(Number((at * step).toPrecision(12)));
  return ticks;
}

/** Moves names apart, each as near to its place as can be. */
export function placedLabels(wanted: number[], top: number, bottom: number): number[] {
  const order = wanted.map((y, at) => ({ y, at })).sort((one, other) => one.y - other.y);
  const placed = [...wanted];
  let last = top - LABEL_ROOM;
  for (const { y, at } of order) {
    last = Math.max(y, last + LABEL_ROOM);
    placed[at] = last;
  }
  let limit = bottom + LABEL_ROOM;
  for (const { at } of order.toReversed()) {
    limit = Math.min(placed[at] ?? 0, limit - LABEL_ROOM);
    placed[at] = limit;
  }
  return placed;
}
