/** Lines beside the one that is open, each a link to itself. */
import type { MouseEvent, ReactNode } from 'react';
import type { Line } from '../../api/schema';
import { usePreferences } from '../../app/preferences';
import { LevelMark } from '../../design/level';
import { clock } from '../../design/moment';
import { Text } from './ansi';
import css from './detail.module.css';
import { permalink } from './line';

interface NearProps {
  label: string;
  lines: Line[];
  /** The line that is open. */
  open: string;
  marks: readonly string[];
  /** In place of the time. */
  when?: (line: Line) => string;
  onOpen(id: string): void;
}

const MESSAGE_MAX = 500;

export function Near({ label, lines, open, marks, when, onOpen }: NearProps) {
  const zone = usePreferences((state) => state.zone);
  const go = (event: MouseEvent, id: string) => {
    // Another window is the browser's.
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    onOpen(id);
  };
  return (
    <ol className={css.near} aria-label={label}>
      {lines.map((line) => (
        <li key={line.id}>
          <a
            href={permalink(line.id)}
            className={css.nearLine}
            aria-current={line.id === open ? 'true' : undefined}
            onClick={(event) => go(event, line.id)}
          >
            <time dateTime={line.timestamp} className={css.time}>
              {when ? when(line) : clock(new Date(line.timestamp), zone)}
            </time>
            <LevelMark level={line.level} />
            <span className={css.service}>{line.service ?? ''}</span>
            <span className={css.message}>
              <Text text={(line.message ?? '').slice(0, MESSAGE_MAX)} marks={marks} />
            </span>
          </a>
        </li>
      ))}
    </ol>
  );
}

export function Bar({ children }: { children: ReactNode }) {
  return <div className={css.bar}>{children}</div>;
}
