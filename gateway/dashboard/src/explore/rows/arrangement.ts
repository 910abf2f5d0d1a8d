/**
 * Columns in their order, of which the first ones stay in sight while the others scroll sideways.
 *
 * Invariant: a column is there once, at least one is there, and the last one is never pinned: it takes what room is left.
 */
export interface Arrangement {
  columns: string[];
  /** How many stay, from the left. */
  pinned: number;
}

export function arranged(columns: readonly string[], pinned: number): Arrangement {
  const once = [...new Set(columns)];
  const whole = Number.isFinite(pinned) ? Math.trunc(pinned) : 0;
  return { columns: once, pinned: Math.min(Math.max(whole, 0), Math.max(once.length - 1, 0)) };
}

/** Pins a column behind those that are, or lets it go before those that are not. */
export function pinToggled({ columns, pinned }: Arrangement, at: number): Arrangement {
  const isPinned = at < pinned;
  const to = isPinned ? pinned - 1 : pinned;
  return arranged(placed(columns, at, to), isPinned ? pinned - 1 : pinned + 1);
}

export function moved({ columns, pinned }: Arrangement, at: number, by: number): Arrangement {
  const to = at + by;
  return to < 0 || to >= columns.length ? { columns, pinned } : arranged(placed(columns, at, to), pinned);
}

export function withoutColumn({ columns, pinned }: Arrangement, column: string): Arrangement {
  const at = columns.indexOf(column);
  if (at < 0 || columns.length === 1) return { columns, pinned };
  return arranged(columns.toSpliced(at, 1), at < pinned ? pinned - 1 : pinned);
}

/** Before the message, and behind what is pinned. */
export function withColumn({ columns, pinned }: Arrangement, column: string): Arrangement {
  const message = columns.indexOf('message');
  const at = message < 0 ? columns.length : Math.max(message, pinned);
  return arranged(columns.toSpliced(at, 0, column), pinned);
}

/** The names as one text, in which a comma or backslash of a name has a backslash before it. */
export function listed(columns: readonly string[]): string {
  return columns.map((name) => name.replace(/[\\,]/g, '\\$&')).join(',');
}

/** What `listed` wrote, or somebody by hand: a backslash before anything else is itself. */
export function namesOf(text: string): string[] {
  const parts = text.match(/(?:\\[\\,]|[^,])+/g) ?? [];
  return parts.map((part) => part.replace(/\\([\\,])/g, '$1'));
}

function placed(columns: readonly string[], from: number, to: number): string[] {
  const [column] = columns.slice(from, from + 1);
  return column === undefined ? [...columns] : columns.toSpliced(from, 1).toSpliced(to, 0, column);
}
