/** Explore: a question, its answer, and what comes while one looks on. It joins the pieces and decides nothing else. */
import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { prefer, usePreferences } from '../app/preferences';
import { Button } from '../design/controls';
import { exact } from '../design/numbers';
import { useTitle } from '../design/page';
import { useExplored } from './address';
import { Instead, Told } from './answer';
import { useClock } from './clock';
import { Detail } from './detail/detail';
import { Editor } from './editor/editor';
import { wantedWords } from './editor/tokens';
import { Export } from './export/export';
import { excluded, included } from './fields/clause';
import { Fields } from './fields/fields';
import { Histogram } from './histogram/histogram';
import { useExploreKeys } from './keys';
import { Library } from './library/library';
import { useLive } from './live';
import { LiveBar } from './livebar';
import css from './page.module.css';
import { problemOf } from './problem';
import { Progress } from './progress';
import { type Arrangement, withColumn, withoutColumn } from './rows/arrangement';
import { isSamePart, useFound } from './rows/found';
import { type Row, Rows } from './rows/rows';
import type { Seen } from './rows/window';
import { Results } from './table/results';
import { TimePicker } from './time/picker';
import { minuteAround, readable, stepped } from './time/span';
import { View } from './view';

const DAY_MS = 86_400_000;
/** How often the histogram of what ends now is counted anew while lines come. */
const RECOUNT_MS = 5_000;

export default function Explore() {
  useTitle('Explore');
  const [explored, explore] = useExplored();
  const { q, from, to, live: isLive, line: open, oldestFirst, columns, pinned } = explored;
  const [ranAt, setRanAt] = useState(() => Date.now());
  const [typed, setTyped] = useState(q);
  const editor = useRef<{ focus(): void }>(null);
  const [seen, setSeen] = useState<Seen>({ first: 0, last: 60, fit: 40, isAtTop: true });
  const [active, setActive] = useState(-1);
  const { fieldsOpen, wrap } = usePreferences();
  // The address may change from elsewhere: a link, the way back, a saved search.
  useEffect(() => setTyped(q), [q]);
  const span = useMemo(() => readable({ from, to }, ranAt), [from, to, ranAt]);
  const times = { from: span.from.toISOString(), ...(!span.isLive && { to: span.to.toISOString() }) };
  const watching = useLive(isLive, q, ranAt);
  const liveRows = watching?.rows.rows ?? [];
  const seenOfFound = { first: seen.first - liveRows.length, last: seen.last - liveRows.length };
  // As it was asked: the history keeps it so.
  const asked = { q, from, to: to === 'now' ? undefined : to, oldestFirst, ranAt };
  const found = useFound(asked, seenOfFound);
  const recountAt = useClock(isLive ? RECOUNT_MS : null, ranAt);
  const counted = useMemo(
    () => (isLive ? readable({ from, to: 'now' }, recountAt) : span),
    [isLive, from, recountAt, span],
  );
  const marks = useDeferredValue(useMemo(() => wantedWords(q), [q]));

  useEffect(() => {
    const ids = found.answer?.results.map((line) => String(line.id));
    if (ids) watching?.rows.without(new Set(ids));
  }, [found.answer, watching?.rows]);
  useEffect(() => {
    if (!watching) return;
    if (!seen.isAtTop && !watching.rows.isPaused) watching.pause();
  }, [seen.isAtTop, watching]);

  const row = (at: number): Row => {
    const live = liveRows[liveRows.length - 1 - at];
    if (live) return 'gap' in live ? { kind: 'gap', ...live } : { kind: 'line', line: live };
    const line = found.row(at - liveRows.length);
    return line ? { kind: 'line', line } : { kind: 'awaited' };
  };
  const count = liveRows.length + found.count + (found.hasMore ? 1 : 0);

  const run = (change: Partial<typeof explored> = {}) => {
    explore({ q: typed, line: null, ...change });
    setRanAt(Date.now());
    setActive(-1);
  };
  const filter = (by: typeof included) => (field: string, value: string) => run({ q: by(q, field, value) });
  const step = (by: 1 | -1) => run({ ...stepped({ from, to }, by, new Date()), live: false });
  const toTop = () => {
    document.querySelector('[role="grid"][aria-label="Lines"]')?.scrollTo({ top: 0 });
    watching?.resume();
  };
  const togglePause = () => (watching?.rows.isPaused ? toTop() : watching?.pause());
  const move = (by: number) => setActive(Math.min(Math.max(active + by, 0), count - 1));
  const onSeen = useCallback(
    (now: Seen) => setSeen((before) => (isSamePart(before, now) ? before : now)),
    [],
  );
  const onOpen = useCallback((line: { id: string }) => explore({ line: line.id }, true), [explore]);
  const arrange = (arrangement: Arrangement) => explore(arrangement, true);
  const onColumn = (field: string) =>
    arrange((columns.includes(field) ? withoutColumn : withColumn)({ columns, pinned }, field));
  const close = () => explore({ line: null }, true);
  const toggleLive = () => run({ live: !isLive, to: 'now' });
  const toggleFields = () => prefer({ fieldsOpen: !fieldsOpen });
  const toggleWrap = () => prefer({ wrap: !wrap });

  useExploreKeys({
    isLive,
    write: () => editor.current?.focus(),
    run,
    toggleLive,
    togglePause,
    begin: () => run({ q: '', live: false }),
    move,
    open: () => openAt(row, active, onOpen),
    close,
    step,
    toggleFields,
    toggleWrap,
  });

  const problem = typed === q ? problemOf(found.error) : null;
  const table = found.answer?.columns && found.answer.rows;
  return (
    <div className={css.page}>
      <h1 className="unseen">Explore</h1>
      <div className={css.ask}>
        <Editor
          ref={editor}
          value={typed}
          onChange={setTyped}
          onRun={run}
          problem={problem}
          times={times}
          label="Query"
        />
        <TimePicker
          asked={{ from, to }}
          onChange={(asked) => run({ ...asked, live: isLive && asked.to === 'now' })}
        />
        <Button kind="main" onClick={() => run()} title="Run (Enter)">
          Run
        </Button>
        <Button
          aria-pressed={isLive}
          title="Live (l)"
          onClick={(event) => {
            toggleLive();
            // Space is for the pause from now on.
            if (event.detail > 0) event.currentTarget.blur();
          }}
        >
          Live
        </Button>
      </div>
      <Histogram
        q={q}
        span={counted}
        ranAt={recountAt}
        onSpan={(from, to) => run({ from: from.toISOString(), to: to.toISOString(), live: false })}
      />
      <div className={css.tools}>
        <Button kind="plain" aria-pressed={fieldsOpen} onClick={toggleFields}>
          Fields
        </Button>
        {watching && <LiveBar watching={watching} onPause={togglePause} />}
        <span className={css.room} />
        <Library q={q} asked={{ from, to }} onOpen={(search) => run(search)} />
        <View
          oldestFirst={oldestFirst}
          onTurn={() => run({ oldestFirst: !oldestFirst, live: false })}
          onKeep={() => prefer({ columns, pinned })}
        />
        <Export q={q} span={span} columns={columns} />
      </div>
      <Told found={found} />
      <div className={css.body} data-open={open !== null || undefined}>
        {fieldsOpen && (
          <aside className={css.fields} aria-label="Fields">
            <Fields
              q={q}
              {...times}
              columns={columns}
              onInclude={filter(included)}
              onExclude={filter(excluded)}
              onColumn={onColumn}
            />
          </aside>
        )}
        <div className={css.rows} data-old={found.isOld || undefined}>
          {(count > 0 || table) && <Progress found={found} />}
          {table && found.answer?.columns ? (
            <Results
              columns={found.answer.columns}
              rows={found.answer.rows ?? []}
              onValue={(column, value) => filter(included)(column, String(value))}
            />
          ) : count === 0 ? (
            <Instead found={found} q={q} span={span} isLive={isLive} onChange={run} />
          ) : (
            <Rows
              count={count}
              row={row}
              columns={columns}
              pinned={pinned}
              marks={marks}
              withDay={span.to.getTime() - span.from.getTime() > DAY_MS}
              open={open}
              active={active}
              onActive={setActive}
              onOpen={onOpen}
              onSeen={onSeen}
              onGap={(_, after) =>
                run({ ...minuteAround(after ? new Date(after) : new Date()), live: false })
              }
              onArrange={arrange}
            />
          )}
          {watching && watching.rows.waiting.length > 0 && (
            <button type="button" className={css.fresh} onClick={toTop}>
              ▲ {exact(watching.rows.waiting.length)} new · Space
            </button>
          )}
        </div>
        {open !== null && (
          <aside className={css.detail} aria-label="The line">
            <Detail
              id={open}
              q={q}
              onClose={close}
              onInclude={filter(included)}
              onExclude={filter(excluded)}
              onColumn={onColumn}
              onOpen={(id) => explore({ line: id }, true)}
            />
          </aside>
        )}
      </div>
    </div>
  );
}

function openAt(row: (at: number) => Row, at: number, open: (line: { id: string }) => void) {
  const chosen = row(at);
  if (chosen.kind === 'line') open(chosen.line);
}
