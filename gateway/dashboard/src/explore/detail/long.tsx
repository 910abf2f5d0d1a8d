/**
 * A text that may be very long: its beginning, and all of it by a click.
 *
 * Invariant: the browser lays out only what is near to what one sees, so a text of a megabyte costs as much as a short one.
 */
import { Fragment, type ReactNode, useMemo, useState } from 'react';
import { Button } from '../../design/controls';
import { bytes } from '../../design/numbers';
import { chunksOf, edge } from './chunks';
import css from './detail.module.css';

const FIRST = 4_000;

interface LongProps {
  text: string;
  /** What shows a part. */
  show(text: string): ReactNode;
}

export function Long({ text, show }: LongProps) {
  const [isWhole, setIsWhole] = useState(false);
  const isLong = text.length > FIRST * 1.25;
  const chunks = useMemo(() => (isLong && isWhole ? chunksOf(text) : []), [text, isLong, isWhole]);
  if (!isLong) return show(text);
  if (isWhole)
    return chunks.map((chunk, at) => (
      <span key={at} className={css.chunk}>
        {show(chunk)}
      </span>
    ));
  const end = edge(text, FIRST);
  return (
    <Fragment>
      {show(text.slice(0, end))}
      <span className={css.rest}>
        <Button onClick={() => setIsWhole(true)}>Show the rest, {bytes(text.length - end)}</Button>
      </span>
    </Fragment>
  );
}
