/**
 * Live mode: the same question, asked of what comes.
 *
 * The connection begins a little before the search ends, so that no line falls between the two; lines that both have are
 * shown once. Invariant: there is one connection at a time, and none when live mode is off.
 */
import { useEffect, useState, useSyncExternalStore } from 'react';
import { Live } from '../api/live';
import type { SocketState } from '../api/socket';
import { LiveRows } from './rows/live';

/** Longer than a line takes from its receipt until it is found. */
const OVERLAP = 'now-5s';

export interface Watching {
  state: SocketState;
  rows: LiveRows;
  version: number;
  /** Lines a second, of the last seconds. */
  rate: number;
  pause(): void;
  resume(): void;
  connectNow(): void;
}

export function useLive(isOn: boolean, q: string, ranAt: number): Watching | null {
  const [now, setNow] = useState<{ live: Live; rows: LiveRows } | null>(null);
  const [state, setState] = useState<SocketState>({ name: 'connecting', try: 0 });
  const [rate, setRate] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the same question asked anew begins anew
  useEffect(() => {
    if (!isOn) return;
    const rows = new LiveRows();
    let came = 0;
    const live = new Live(
      { query: q || undefined, from: OVERLAP },
      {
        lines: (lines) => {
          came += lines.length;
          rows.add(lines);
        },
        gap: (gap) => rows.gap(gap),
        state: setState,
      },
    );
    setNow({ live, rows });
    const meter = setInterval(() => {
      setRate((before) => (before + 2 * came) / 3);
      came = 0;
    }, 1000);
    return () => {
      clearInterval(meter);
      live.close();
      setNow(null);
      setRate(0);
    };
  }, [isOn, q, ranAt]);
  const version = useSyncExternalStore(now?.rows.subscribe ?? nobody, () => now?.rows.version ?? 0);
  if (!now) return null;
  const { live, rows } = now;
  // Lines go on coming during a pause: the server would have to leave them out otherwise.
  return {
    state,
    rows,
    version,
    rate,
    pause: () => rows.pause(),
    resume: () => rows.resume(),
    connectNow: () => live.now(),
  };
}

function nobody() {
  return () => {};
}
