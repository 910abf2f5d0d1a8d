/** A value of a field: a text with its colours, marks and links, a stack trace, or a number, flag or nothing. */
import { memo, type ReactNode, useMemo } from 'react';
import { Text } from './ansi';
import { hasCodes } from './codes';
import css from './detail.module.css';
import { piecesOf } from './links';
import { Long } from './long';
import { framesOf } from './stack';

interface ValueProps {
  value: unknown;
  marks: readonly string[];
}

export function Value({ value, marks }: ValueProps) {
  if (typeof value === 'string') {
    if (value === '') return <span className={css.faint}>empty text</span>;
    return <Long text={value} show={(text) => <Said text={text} marks={marks} />} />;
  }
  if (value === null) return <span className={css.faint}>null</span>;
  return <span className={css.number}>{String(value)}</span>;
}

const FRAMES_MAX = 2000;

const Said = memo(function Said({ text, marks }: { text: string; marks: readonly string[] }) {
  const frames = useMemo(() => framesOf(text), [text]);
  if (!frames || frames.length > FRAMES_MAX) return <Linked text={text} marks={marks} />;
  return (
    <span className={css.stack}>
      {frames.map(({ text, kind }, at) => (
        <span key={at} data-frame={kind}>
          <Text text={text} marks={marks} />
          {'\n'}
        </span>
      ))}
    </span>
  );
});

function Linked({ text, marks }: { text: string; marks: readonly string[] }): ReactNode {
  // A code may stand inside of an address.
  if (hasCodes(text) || !/https?:/i.test(text)) return <Text text={text} marks={marks} />;
  return piecesOf(text).map(({ text, href }, at) =>
    href ? (
      <a key={at} href={href} target="_blank" rel="noopener noreferrer">
        {text}
      </a>
    ) : (
      <Text key={at} text={text} marks={marks} />
    ),
  );
}
