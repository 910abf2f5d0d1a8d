/** What is done with many letters at once, and the way to look through more of them. */
import { useEffect, useRef, useState } from 'react';
import { ask } from '../api/client';
import { changed } from '../api/questions';
import type { DeadLetter } from '../api/schema';
import type { Search } from '../app/address';
import { may } from '../app/roles';
import { useMe } from '../app/session';
import { tell } from '../app/toasts';
import { Button, Check } from '../design/controls';
import { exact } from '../design/numbers';
import { Note, sentence } from '../design/states';
import { number } from './filter';
import type { Gathered } from './gathered';
import css from './letters.module.css';
import { ManyDialog } from './many_dialog';

/** What was not looked through, and the way to do it. */
export function Rest({ gathered, isFiltered }: { gathered: Gathered; isFiltered: boolean }) {
  const { letters, total, hasNextPage, fetchNextPage } = gathered;
  const wanted = useRef(false);
  const [isLooking, setLooking] = useState(false);
  const stop = () => {
    wanted.current = false;
  };
  useEffect(
    () => () => {
      wanted.current = false;
    },
    [],
  );
  const lookThroughAll = async () => {
    wanted.current = true;
    setLooking(true);
    while (wanted.current) {
      const { hasNextPage, isError } = await fetchNextPage();
      if (!hasNextPage || isError) break;
    }
    setLooking(false);
  };
  if (!hasNextPage) return null;
  return (
    <Note>
      <span>
        {gathered.isFetchNextPageError && `Older letters could not be loaded: ${sentence(gathered.error)} `}
        The newest {exact(letters.length)} of {exact(total)} letters are {isFiltered ? 'filtered' : 'shown'}{' '}
        here.
      </span>
      <Button onClick={isLooking ? stop : () => void lookThroughAll()}>
        {isLooking ? 'Stop' : 'Look through all'}
      </Button>
    </Note>
  );
}

/** The letters that fit the filter, and which of them are chosen. */
export interface Shown {
  found: DeadLetter[];
  /** Of all, whether they fit or not. */
  total: number;
  isFiltered: boolean;
  search: Search;
  chosen: ReadonlySet<string>;
  onChoose(ids: ReadonlySet<string>): void;
}

interface ManyProps extends Shown {
  /** Whether all letters were looked through. */
  isWhole: boolean;
}

export function Many({ found, total, isFiltered, chosen, onChoose, isWhole, search }: ManyProps) {
  const role = useMe()?.role;
  const [open, setOpen] = useState<{ what: 'replay' | 'drop'; ids: string[] } | null>(null);
  const some = found.filter(({ id }) => chosen.has(id));
  const isSome = some.length > 0;
  const meant = isSome ? some : found;
  const whole = meant.filter((letter) => letter.event === null && !letter.cut);
  const isAll = !isSome && !isFiltered;
  const count = isAll ? total : meant.length;
  const begin = (what: 'replay' | 'drop', letters: DeadLetter[]) =>
    setOpen({ what, ids: letters.map(({ id }) => id) });
  const dropAll = async () => {
    await ask('DELETE /api/logs/dead-letters');
    tell(`${number(total)} dropped`);
    await changed('GET /api/logs/dead-letters');
  };
  if (found.length === 0) return null;
  return (
    <div className={css.row}>
      <Check
        label={isSome ? `${exact(some.length)} of ${number(found.length)} chosen` : 'Choose all'}
        checked={some.length === found.length}
        ref={(box) => {
          if (box) box.indeterminate = isSome && some.length < found.length;
        }}
        onChange={() => onChoose(new Set(some.length === found.length ? [] : found.map(({ id }) => id)))}
      />
      {may(role, 'ingest') && whole.length > 0 && (
        <Button onClick={() => begin('replay', whole)}>Send {number(whole.length)} again</Button>
      )}
      {may(role, 'write') && (
        <Button kind="danger" onClick={() => begin('drop', meant)}>
          Drop {count > 1 && !isSome && (isWhole || !isFiltered) && 'all '}
          {number(count)}
        </Button>
      )}
      {open && (
        <ManyDialog
          what={open.what}
          ids={open.ids}
          count={open.what === 'drop' ? count : open.ids.length}
          of={search.code ? ` of the reason ${search.code}` : ''}
          atOnce={open.what === 'drop' && isAll ? dropAll : null}
          onClose={() => setOpen(null)}
        />
      )}
    </div>
  );
}
