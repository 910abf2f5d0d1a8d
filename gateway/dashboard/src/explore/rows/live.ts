/**
 * The lines that came while the page looks on, the newest last.
 *
 * Invariant: a line is there once; there are at most `KEPT_MAX`, and the oldest go first. Lines that came during a pause
 * are counted, and shown when it ends.
 */
import type { Gap } from '../../api/live';
import type { Line } from '../../api/schema';

export interface GapRow {
  gap: Gap;
  /** Of the line before it, if one is known. */
  after: string | null;
}

export type LiveRow = Line | GapRow;

export const KEPT_MAX = 100_000;
const CUT = 10_000;

export class LiveRows {
  rows: LiveRow[] = [];
  /** Rows that wait for the end of a pause. */
  waiting: LiveRow[] = [];
  isPaused = false;
  /** Rises with every change. */
  version = 0;
  private known = new Set<string>();
  private listeners = new Set<() => void>();
  private frame = 0;

  add(lines: Line[]) {
    const fresh = lines.filter(({ id }) => !this.known.has(id));
    for (const { id } of fresh) this.known.add(id);
    this.put(fresh);
  }

  gap(gap: Gap) {
    const before = this.waiting.at(-1) ?? this.rows.at(-1);
    this.put([{ gap, after: before && 'id' in before ? before.timestamp : null }]);
  }

  pause() {
    this.isPaused = true;
    this.tell();
  }

  resume() {
    this.isPaused = false;
    const waited = this.waiting;
    this.waiting = [];
    this.put(waited);
  }

  clear() {
    this.rows = [];
    this.waiting = [];
    this.tell();
  }

  /** Takes out what a search has found, too. */
  without(ids: ReadonlySet<string>) {
    const isOther = (row: LiveRow) => !('id' in row) || !ids.has(row.id);
    this.rows = this.rows.filter(isOther);
    this.waiting = this.waiting.filter(isOther);
    for (const id of ids) this.known.add(id);
    this.tell();
  }

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private put(rows: LiveRow[]) {
    const target = this.isPaused ? this.waiting : this.rows;
    for (const row of rows) target.push(row);
    if (target.length > KEPT_MAX) {
      for (const row of target.splice(0, CUT)) if ('id' in row) this.known.delete(row.id);
    }
    this.tell();
  }

  /** At most once for each picture that is shown. */
  private tell() {
    this.version += 1;
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      for (const listener of this.listeners) listener();
    });
  }
}
