/** How live mode goes: connection, rate, pause. */
import { useEffect, useState } from 'react';
import { Button } from '../design/controls';
import { short } from '../design/numbers';
import { sentence } from '../design/states';
import type { Watching } from './live';
import css from './page.module.css';

export function LiveBar({ watching, onPause }: { watching: Watching; onPause(): void }) {
  const { state, rows, rate } = watching;
  const isBroken = state.name === 'broken' || state.name === 'refused';
  return (
    <span className={css.live}>
      <span
        role="status"
        data-state={isBroken ? 'broken' : rows.isPaused ? 'paused' : state.name}
        className={css.state}
      >
        <Words watching={watching} />
      </span>
      {isBroken ? (
        <Button kind="plain" onClick={watching.connectNow}>
          Connect now
        </Button>
      ) : (
        <>
          <span className={css.rate}>{short(Math.round(rate))} lines/s</span>
          <Button kind="plain" aria-pressed={rows.isPaused} onClick={onPause} title="Space">
            {rows.isPaused ? 'Go on' : 'Pause'}
          </Button>
        </>
      )}
    </span>
  );
}

function Words({ watching: { state, rows } }: { watching: Watching }) {
  switch (state.name) {
    case 'connecting':
      return '◌ connecting';
    case 'broken':
      return (
        <>
          ✕ {state.why} · again in <Seconds until={state.againAt} />
        </>
      );
    case 'refused':
      return <>✕ {sentence(state.failure)}</>;
    default:
      return rows.isPaused ? '‖ paused' : '● live';
  }
}

function Seconds({ until }: { until: number }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  return <>{Math.max(Math.ceil((until - now) / 1000), 0)} s</>;
}
