/** A table as CSV. Invariant: a value ends no cell, and no program that opens it takes a text for a formula. */
import { named } from './shape';

export function csvOf(columns: readonly string[], rows: readonly unknown[][]): string {
  return [columns, ...rows].map((row) => `${columns.map((_, at) => cell(row[at])).join(',')}\r\n`).join('');
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = named(value);
  // A number is none: a minus before it counts.
  const safe = typeof value !== 'number' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",;\r\n\t]|^[ ']/.test(text) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
