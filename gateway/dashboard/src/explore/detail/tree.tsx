/**
 * The fields of a line as a tree.
 *
 * Invariant: a field is named as queries name it: by its dotted path, in which arrays have no place. Long lists are shown
 * in parts.
 */
import { useState } from 'react';
import { tell } from '../../app/toasts';
import { Button } from '../../design/controls';
import { copied } from '../../design/copy';
import { Menu } from '../../design/menu';
import { exact } from '../../design/numbers';
import { readable } from '../../design/readable';
import { stripped } from './codes';
import css from './detail.module.css';
import { conditionOf, type Entry, isObject } from './line';
import { Value } from './value';

export interface Doing {
  onInclude(field: string, value: string): void;
  onExclude(field: string, value: string): void;
  onColumn(field: string): void;
}

interface BranchProps {
  entries: Entry[];
  /** Of the fields above; `null` where queries have no names for what is below. */
  path: string | null;
  isArray?: boolean;
  depth?: number;
  marks: readonly string[];
  doing: Doing;
}

const SHOWN = 100;
const OPEN_DEPTH = 3;

export function Branch({ entries, path, isArray = false, depth = 0, marks, doing }: BranchProps) {
  const [count, setCount] = useState(SHOWN);
  const rest = entries.length - count;
  return (
    <ul className={css.branch} data-depth={depth}>
      {entries.slice(0, count).map(({ name, value }) => (
        <Leaf
          key={name}
          name={name}
          value={value}
          path={path === null || isArray ? path : path === '' ? name : `${path}.${name}`}
          depth={depth}
          marks={marks}
          doing={doing}
        />
      ))}
      {rest > 0 && (
        <li className={css.rest}>
          <Button onClick={() => setCount(count + SHOWN * 5)}>
            Show {exact(Math.min(rest, SHOWN * 5))} more of {exact(rest)}
          </Button>
        </li>
      )}
    </ul>
  );
}

interface LeafProps extends Omit<BranchProps, 'entries' | 'isArray'>, Entry {
  depth: number;
}

function Leaf({ name, value, path, depth, marks, doing }: LeafProps) {
  const [isOpen, setIsOpen] = useState(depth < OPEN_DEPTH);
  if (!isObject(value)) {
    const isWide = typeof value === 'string' && (value.length > 200 || value.includes('\n'));
    return (
      <li className={css.leaf} data-wide={isWide || undefined}>
        <bdi className={css.key}>{readable(name)}</bdi>
        <span className={css.said}>
          <Value value={value} marks={name === 'message' || name === 'raw' ? marks : NONE} />
        </span>
        <Acts name={name} value={value} path={path} doing={doing} />
      </li>
    );
  }
  const isArray = Array.isArray(value);
  const entries = Object.entries(value).map(([name, value]): Entry => ({ name, value }));
  return (
    <li>
      <div className={css.leaf}>
        <button
          type="button"
          className={css.fold}
          aria-expanded={isOpen}
          disabled={entries.length === 0}
          onClick={() => setIsOpen(!isOpen)}
        >
          <span aria-hidden>{entries.length === 0 ? '\u2007' : isOpen ? '▾' : '▸'}</span>
          <bdi>{readable(name)}</bdi>
        </button>
        <span className={css.faint}>{counted(entries.length, isArray ? 'value' : 'field')}</span>
        <Acts name={name} value={value} path={path} doing={doing} />
      </div>
      {isOpen && entries.length > 0 && (
        <Branch
          entries={entries}
          path={path}
          isArray={isArray}
          depth={depth + 1}
          marks={marks}
          doing={doing}
        />
      )}
    </li>
  );
}

const NONE: readonly string[] = [];

function counted(count: number, what: string): string {
  if (count === 0) return `no ${what}s`;
  return `${exact(count)} ${what}${count === 1 ? '' : 's'}`;
}

interface ActsProps extends Entry {
  path: string | null;
  doing: Doing;
}

function Acts({ name, value, path, doing: { onInclude, onExclude, onColumn } }: ActsProps) {
  const condition = path === null ? null : conditionOf(value);
  const copy = async () => {
    const text = typeof value === 'string' ? stripped(value) : JSON.stringify(value, null, 2);
    tell((await copied(text)) ? `The value of ${name} is copied.` : 'Select the value and copy it by hand.');
  };
  const acts: Act[] = [
    ...(condition !== null && path
      ? [
          { sign: '+', title: 'Only lines with this value', run: () => onInclude(path, condition) },
          { sign: '−', title: 'Without this value', run: () => onExclude(path, condition) },
        ]
      : []),
    ...(path ? [{ sign: 'column', title: 'Show or hide as a column', run: () => onColumn(path) }] : []),
    { sign: 'copy', title: 'Copy the value', run: () => void copy() },
  ];
  if (IS_TOUCHED)
    return (
      <span className={css.touched}>
        <Menu
          trigger={
            <button type="button" aria-label={`What to do with ${readable(path ?? name)}`}>
              ⋯
            </button>
          }
          items={acts}
        />
      </span>
    );
  return (
    <span className={css.acts}>
      {acts.map(({ sign, title, run }) => (
        <button
          key={sign}
          type="button"
          aria-label={`${title}: ${readable(path ?? name)}`}
          title={title}
          onClick={run}
        >
          {sign}
        </button>
      ))}
    </span>
  );
}

interface Act {
  sign: string;
  title: string;
  run(): void;
}

/** Nothing can be pointed at without being touched. */
const IS_TOUCHED = matchMedia('(pointer: coarse)').matches;
