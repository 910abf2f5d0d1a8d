/** A value in a cell: as text, of which a very long one shows its beginning. */
import { readable } from '../design/readable';

const CHARS_MAX = 400;

export function Clipped({ value }: { value: unknown }) {
  const text = textOf(value);
  if (text.length <= CHARS_MAX) return <bdi>{readable(text)}</bdi>;
  return (
    <>
      <bdi>{readable(text.slice(0, CHARS_MAX))}</bdi>
      <span title={`${text.length} characters in all`}> …</span>
    </>
  );
}

export function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
