/** What stands in the cells of a line. Invariant: a cell is text, however long or strange what came is. */
import type { CSSProperties } from 'react';
import type { Line } from '../../api/schema';
import { join } from '../../design/controls';
import { LevelMark } from '../../design/level';
import { clock } from '../../design/moment';
import { readable } from '../../design/readable';
import { Text } from '../detail/ansi';
import type { Arrangement } from './arrangement';
import css from './rows.module.css';

/** More of a line is not drawn: the detail shows it all. */
const DRAWN_MAX = 2_000;

const NAMES: Record<string, string> = {
  timestamp: 'Time',
  level: 'Level',
  service: 'Service',
  message: 'Message',
  source: 'Source',
  host: 'Host',
  environment: 'Environment',
  received_at: 'Received',
};

const WIDTHS: Record<string, number> = { timestamp: 108, level: 48, received_at: 108 };
const WIDTH = 140;
export const WIDTH_MIN = 40;

export function nameOf(column: string): string {
  return (Object.hasOwn(NAMES, column) ? NAMES[column] : undefined) ?? readable(column);
}

export function widthOf(column: string, widths: Record<string, number>): number {
  const own = Object.hasOwn(widths, column) ? widths[column] : undefined;
  return own ?? (Object.hasOwn(WIDTHS, column) ? WIDTHS[column] : undefined) ?? WIDTH;
}

const REST_MIN = 160;
/** Of the width of the window: on a phone, what nobody made wider leaves room for the message. */
const SHARE_PERCENT = 22;

function widthText(column: string, widths: Record<string, number>): string {
  const width = widthOf(column, widths);
  const isKnown = Object.hasOwn(widths, column) || Object.hasOwn(WIDTHS, column);
  return isKnown ? `${width}px` : `min(${width}px, ${SHARE_PERCENT}vw)`;
}

/**
 * The last column takes what is left; the others are as wide as they were made. Widths and places are told by the grid as
 * a whole, so that no row is drawn anew while a column is made wider.
 */
export function lay(
  { columns, pinned }: Arrangement,
  widths: Record<string, number>,
): Record<string, string> {
  const texts = columns.slice(0, -1).map((column) => widthText(column, widths));
  const sum = (parts: string[]) => `calc(${parts.join(' + ')})`;
  const lefts = texts.slice(0, pinned).map((_, at) => [`--left-${at}`, sum(['0px', ...texts.slice(0, at)])]);
  return {
    ...Object.fromEntries(lefts),
    '--columns': [...texts, `minmax(${REST_MIN}px, 1fr)`].join(' '),
    '--wide': sum([...texts, `${REST_MIN}px`]),
  };
}

/** The properties of a cell, or of a name above, by which it stays in sight where its column is pinned. */
export function standing(className: string | undefined, at: number, pinned: number) {
  if (at >= pinned) return { className };
  const style = { '--left': `var(--left-${at})` } as CSSProperties;
  return { className: join(className, css.pinned), style, 'data-border': at === pinned - 1 || undefined };
}

/** The value of a field by its dotted name, whether the line has it nested or not. */
export function fieldOf(line: Line, name: string): unknown {
  const fields = line as Record<string, unknown>;
  if (Object.hasOwn(fields, name)) return fields[name];
  let value: unknown = fields;
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

export function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > DRAWN_MAX ? `${text.slice(0, DRAWN_MAX)} …` : text;
}

interface CellProps {
  line: Line;
  column: string;
  zone: 'local' | 'utc';
  withDay: boolean;
  marks: readonly string[];
  wrap: boolean;
}

export function Cell({ line, column, zone, withDay, marks, wrap }: CellProps) {
  const value = fieldOf(line, column);
  switch (column) {
    case 'timestamp':
    case 'received_at':
      return (
        <time dateTime={String(value)}>{typeof value === 'string' ? time(value, zone, withDay) : ''}</time>
      );
    case 'level':
      return <LevelMark level={typeof value === 'string' ? value : null} />;
    case 'message': {
      const text = textOf(value ?? without(line));
      return (
        <span className={css.message} dir="auto">
          <Text text={wrap ? text : text.replaceAll(/\r?\n/g, ' ⏎ ')} marks={marks} />
        </span>
      );
    }
    default:
      return <span dir="auto">{textOf(value)}</span>;
  }
}

function time(text: string, zone: 'local' | 'utc', withDay: boolean): string {
  const shown = clock(new Date(text), zone, withDay);
  return withDay ? shown.slice(5, 23) : shown;
}

/** A line without a message shows what it has. */
function without(line: Line): string {
  const fixed = new Set([
    'id',
    'timestamp',
    'received_at',
    'level',
    'message',
    'source',
    'service',
    'environment',
    'host',
  ]);
  const own = Object.entries(line).filter(([name, value]) => !fixed.has(name) && value !== null);
  return own.length > 0 ? JSON.stringify(Object.fromEntries(own)) : '';
}
