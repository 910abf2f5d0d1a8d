/** What came, as text in which everything can be seen; of much of it the beginning. */
import { useMemo } from 'react';
import type { DeadLetter } from '../api/schema';
import { bytesOf, pieces, piecesOfBytes } from './bytes';
import css from './letters.module.css';

export function Raw({ letter: { raw, encoding }, charsMax }: { letter: DeadLetter; charsMax: number }) {
  const shown = useMemo(() => {
    if (encoding === 'text') return pieces(raw.slice(0, charsMax));
    return piecesOfBytes(bytesOf(raw).subarray(0, charsMax));
  }, [raw, encoding, charsMax]);
  return (
    <bdi>
      {shown.map(({ text, isMark }, at) =>
        isMark ? (
          <span key={at} className={css.mark}>
            {text}
          </span>
        ) : (
          text
        ),
      )}
      {lengthOf(raw, encoding) > charsMax && ' …'}
    </bdi>
  );
}

export function lengthOf(raw: string, encoding: DeadLetter['encoding']): number {
  return encoding === 'text' ? raw.length : Math.floor((raw.length * 3) / 4);
}
