import { describe, expect, it, vi } from 'vitest';
import { Live } from './live';
import type { Line } from './schema';
import type { SocketState } from './socket';
import { FakeSocket, fakeSockets, last } from './socket.fake';

function watched(asked = {}) {
  const came: (Line | 'gap')[] = [];
  const states: SocketState[] = [];
  const live = new Live(asked, {
    lines: (lines) => came.push(...lines),
    gap: () => came.push('gap'),
    state: (state) => states.push(state),
  });
  return { live, came, states };
}

fakeSockets();

describe('lines as they come', () => {
  it('are asked for by query and begin', () => {
    watched({ query: 'level:error', from: 'now-5s' });
    expect([...last().url.searchParams]).toEqual([
      ['query', 'level:error'],
      ['from', 'now-5s'],
    ]);
  });

  it('go on behind the last one after a break', () => {
    const { came } = watched({ from: 'now-5s' });
    last().open();
    last().say({ type: 'log', seq: 7, data: { id: 'a' } });
    last().say({ type: 'log_batch', count: 2, first: 8, last: 9, data: [{ id: 'b' }, { id: 'c' }] });
    last().break(1006);
    vi.advanceTimersByTime(1000);
    expect(FakeSocket.all.length).toBe(2);
    expect(last().url.searchParams.get('resume')).toBe('9');
    expect(came.length).toBe(3);
  });

  it('go on behind a gap, and behind where nothing fitted', () => {
    watched();
    last().open();
    last().say({ type: 'gap', from: 1, to: 5, count: 4 });
    last().say({ type: 'caught_up', seq: 8 });
    last().break(1001);
    vi.advanceTimersByTime(1000);
    expect(last().url.searchParams.get('resume')).toBe('8');
  });

  it('are waited for longer after each try, up to a bound', () => {
    const { states } = watched();
    for (let at = 0; at < 12; at += 1) {
      last().break(1006);
      vi.advanceTimersByTime(20_000);
    }
    const waits = states.filter((state) => state.name === 'broken');
    expect(waits.length).toBe(12);
    expect(FakeSocket.all.length).toBe(13);
  });

  it('are not asked for again where that was refused, and the reason is told', () => {
    const { states } = watched({ query: '(' });
    last().say({ type: 'error', code: 'invalid_query', message: 'a bracket is open', details: { start: 0 } });
    last().break(1008, 'the query cannot be read');
    vi.advanceTimersByTime(60_000);
    expect(FakeSocket.all.length).toBe(1);
    expect(states.at(-1)).toMatchObject({ name: 'refused', failure: { message: 'a bracket is open' } });
  });

  it('end with close', () => {
    const { live, came } = watched();
    const socket = last();
    socket.open();
    live.close();
    socket.say({ type: 'log', seq: 1, data: { id: 'late' } });
    socket.break(1000);
    vi.advanceTimersByTime(60_000);
    expect([came.length, FakeSocket.all.length]).toEqual([0, 1]);
  });
});
