/**
 * How a figure differs from the one before, in words.
 *
 * Invariant: nothing is said that the two numbers do not say: from nothing there is no percentage.
 */
import { exact } from '../design/numbers';

const TIMES_FROM = 10;

/** “+12 %”, “× 14”, “as before”. */
export function growth(now: number, before: number): string {
  if (now === before) return 'as before';
  if (before === 0) return 'none before';
  if (now === 0) return `${exact(before)} before`;
  const share = now / before;
  if (share >= TIMES_FROM) return `× ${exact(Number(share.toPrecision(3)))}`;
  const percent = (share - 1) * 100;
  if (Math.abs(percent) < 0.1) return 'nearly as before';
  return `${signed(digits(percent))} %`;
}

/** Of a share: percentages of percentages mislead, so the points between them are said. */
export function pointsBetween(now: number, before: number): string {
  const points = (now - before) * 100;
  if (points === 0) return 'as before';
  if (Math.abs(points) < 0.01) return 'nearly as before';
  return `${signed(digits(points))} points`;
}

/** Of things that are few: “+2”, “−1”. */
export function difference(now: number, before: number): string {
  return now === before ? 'as before' : signed(now - before);
}

function digits(value: number): number {
  return Number(value.toPrecision(Math.abs(value) < 1 ? 1 : 2));
}

function signed(value: number): string {
  return value < 0 ? `−${exact(-value)}` : `+${exact(value)}`;
}
