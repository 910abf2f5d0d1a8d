/** Numbers and times as people read them. They decide nothing. */

const THREE = new Intl.NumberFormat('en', { maximumSignificantDigits: 3, notation: 'compact' });
const WHOLE = new Intl.NumberFormat('en');

/** Three significant digits: 1.28M. */
export function short(value: number): string {
  return value < 1000 ? WHOLE.format(Number(value.toPrecision(3))) : THREE.format(value);
}

/** All digits: 1,284,331. */
export function exact(value: number): string {
  return WHOLE.format(value);
}

const BYTES = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

export function bytes(value: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(value, 1)) / 3), BYTES.length - 1);
  return `${Number((value / 1000 ** power).toPrecision(3))} ${BYTES[power]}`;
}

export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}

export function duration(ms: number): string {
  if (ms < 1000) return `${Number(ms.toPrecision(3))} ms`;
  const steps: [number, string][] = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1000, 's'],
  ];
  for (const [length, unit] of steps)
    if (ms >= length) return `${Number((ms / length).toPrecision(3))} ${unit}`;
  return `${ms} ms`;
}

/** How long ago, or how far ahead: "3 min ago", "in 2 h". */
export function relative(time: Date, now = new Date()): string {
  const ms = now.getTime() - time.getTime();
  if (Math.abs(ms) < 1000) return 'now';
  const length = duration(roundedDown(Math.abs(ms)));
  return ms > 0 ? `${length} ago` : `in ${length}`;
}

function roundedDown(ms: number): number {
  for (const unit of [86_400_000, 3_600_000, 60_000, 1000])
    if (ms >= unit) return Math.floor(ms / unit) * unit;
  return ms;
}
