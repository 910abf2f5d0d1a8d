import { expect, it, vi } from 'vitest';
import { Socket } from './socket';
import { FakeSocket, fakeSockets, last } from './socket.fake';

function opened() {
  const heard: string[] = [];
  const socket = new Socket({
    route: 'GET /ws/notifications',
    greeting: { type: 'subscribe', topics: ['system'] },
    hear: ({ type }: { type: string }) => heard.push(type),
  });
  return { socket, heard };
}

fakeSockets();

it('says what it wants each time it is opened', () => {
  opened();
  for (let time = 0; time < 2; time += 1) {
    last().open();
    expect(last().sent).toEqual(['{"type":"subscribe","topics":["system"]}']);
    last().break(1006);
    vi.advanceTimersByTime(1000);
  }
  expect(FakeSocket.all.length).toBe(3);
});

it('stays open by a word now and then', () => {
  opened();
  last().open();
  vi.advanceTimersByTime(61_000);
  expect(last().sent.slice(1)).toEqual(['{"type":"ping"}', '{"type":"ping"}']);
});

it('passes on what is said, but for what is said against it', () => {
  const { heard } = opened();
  last().open();
  last().say({ type: 'error', code: 'invalid_message', message: 'the message has no type' });
  last().say({ type: 'system', code: 'quota_warning' });
  expect(heard).toEqual(['system']);
});

it('hears and opens nothing once it is closed, also by somebody who wants it now', () => {
  const { socket, heard } = opened();
  last().open();
  socket.close();
  last().say({ type: 'system' });
  last().break(1006);
  socket.now();
  vi.advanceTimersByTime(60_000);
  expect([heard, FakeSocket.all.length]).toEqual([[], 1]);
});
