import { describe, expect, it } from 'vitest';
import { BEGIN, moved, type Place, settled, shown, TRACK_MAX, topOf, trackOf } from './track';

const ROW = 22;
const ROWS = 10_000_000;
const TOTAL = ROW * ROWS;
const VIEW = 800;
const END = TRACK_MAX - VIEW;

/** Numbers that look like any others, the same in every run. */
function* chances(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    yield state / 2 ** 32;
  }
}

const dragged = (to: number, before: Place = BEGIN) => moved(before, to, TOTAL, VIEW);

describe('a list that fits the track', () => {
  it('is scrolled as any other', () => {
    for (const to of [0, 50, 500_000, TRACK_MAX - VIEW]) {
      expect(moved(BEGIN, to, TRACK_MAX, VIEW)).toEqual({ scrolled: to, skipped: 0 });
      expect(shown(BEGIN, to, TRACK_MAX, VIEW)).toEqual({ scrolled: to, skipped: 0 });
    }
    expect(trackOf(4400)).toBe(4400);
  });
});

describe('ten million rows', () => {
  it('begin and end where the bar does', () => {
    expect(topOf(dragged(0, dragged(4_000_000)))).toBe(0);
    expect(topOf(dragged(END))).toBe(TOTAL - VIEW);
  });

  it('are come to by a drag of the bar, in their order', () => {
    let before = -1;
    for (let to = 0; to <= END; to += 9_000) {
      const top = topOf(dragged(to));
      expect(top).toBeGreaterThan(before);
      before = top;
    }
    expect(topOf(dragged(TRACK_MAX / 2)) / TOTAL).toBeCloseTo(0.5, 2);
  });

  it('are each shown when it is asked for, wherever one is', () => {
    const chance = chances(1);
    let place = BEGIN;
    for (let time = 0; time < 5000; time += 1) {
      const top = Math.floor(chance.next().value * (ROWS - 40)) * ROW;
      place = shown(place, top, TOTAL, VIEW);
      expect(topOf(place)).toBe(top);
      expect(place.scrolled >= 0 && place.scrolled <= END).toBe(true);
    }
  });

  it.each([60, -60, 700, -700, 1600, -1600])('go by %i pixels without a jump, to the end', (by) => {
    const chance = chances(by + 5000);
    const starts = Array.from({ length: 30 }, () => chance.next().value * END);
    const jumps: number[] = [];
    for (const start of [...starts, 0, END, 99_000, END - 99_000]) {
      let place = dragged(start);
      for (let time = 0; time < 3000; time += 1) {
        const top = topOf(place);
        const to = Math.min(Math.max(place.scrolled + by, 0), END);
        place = dragged(to, place);
        if (topOf(place) !== Math.min(Math.max(top + by, 0), TOTAL - VIEW)) jumps.push(top);
      }
    }
    expect(jumps).toEqual([]);
  });

  it('that become more while one is at their end leave room to go on', () => {
    const more = TOTAL + 4400;
    const place = settled(dragged(END), more, VIEW);
    expect(topOf(place)).toBe(TOTAL - VIEW);
    expect(END - place.scrolled).toBe(4400);
    expect(topOf(moved(place, END, more, VIEW))).toBe(more - VIEW);
  });

  it('that become few leave no trace', () => {
    expect(settled(dragged(END), 4400, VIEW).skipped).toBe(0);
  });
});

it('a list that grows over the track is not moved', () => {
  let place: Place = { scrolled: END, skipped: 0 };
  for (let total = TRACK_MAX; total < TRACK_MAX * 2; total += 4400) {
    const top = topOf(place);
    place = settled(place, total, VIEW);
    expect(topOf(place)).toBe(top);
    place = moved(place, Math.min(place.scrolled + 4400, END), total, VIEW);
    expect(topOf(place)).toBe(Math.min(top + 4400, total - VIEW));
  }
});

it.each([300, 800, 2200, 4000])(
  'a box %i high takes the least drag for one, and a screen for none',
  (view) => {
    const place = moved(BEGIN, TRACK_MAX / 2, TOTAL, view);
    const by = topOf(moved(place, place.scrolled + view, TOTAL, view)) - topOf(place);
    expect(by).toBe(view);
    const pixel = Math.max(TRACK_MAX / view, view + 1);
    expect(topOf(moved(place, place.scrolled + pixel, TOTAL, view)) - topOf(place)).toBeGreaterThan(
      10 * pixel,
    );
  },
);
