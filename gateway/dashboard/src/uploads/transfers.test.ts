import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Failure } from '../api/client';
import { dismiss, hasEnded, send, sendAgain, useTransfers } from './transfers';
import { NOTHING_SAID } from './values';

interface Sent {
  owner: string;
  signal: AbortSignal;
  onSent: (bytes: number) => void;
  taken: (answer: { upload_id: string }) => void;
  refused: (error: unknown) => void;
}

const { sent, looks } = vi.hoisted(() => ({ sent: [] as Sent[], looks: [] as (() => unknown)[] }));

vi.mock('./transfer', () => ({
  transferred: (sending: Pick<Sent, 'owner' | 'signal' | 'onSent'>) =>
    new Promise((taken, refused) => sent.push({ ...sending, taken, refused } as Sent)),
}));

vi.mock('../api/client', async (original) => ({
  ...(await original<typeof import('../api/client')>()),
  ask: async () => looks.shift()?.(),
}));

const file = (name: string) => new File(['x'.repeat(10)], name);
const states = () => useTransfers.getState().all.map(({ state }) => state.name);
const settled = () => vi.advanceTimersByTimeAsync(1000);
const status = (stage: string) => ({
  status: 'x',
  progress: 50,
  result: { status: stage, indexed: 1, failed: 0 },
});

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(async () => {
  for (const { id } of useTransfers.getState().all) dismiss(id);
  sent.length = 0;
  looks.length = 0;
  vi.useRealTimers();
});

describe('files on their way', () => {
  it('are sent two at a time, and the next one when one has arrived', async () => {
    send('u1', [file('a'), file('b'), file('c')], NOTHING_SAID);
    expect(states()).toEqual(['sending', 'sending', 'waiting']);
    looks.push(() => status('completed'));
    sent[0]?.taken({ upload_id: '1' });
    await settled();
    expect(states()).toEqual(['taken', 'sending', 'sending']);
    expect(hasEnded(useTransfers.getState().all[0]?.state ?? { name: 'waiting' })).toBe(true);
  });

  it('tell how much was sent, and never more than the file has', () => {
    send('u1', [file('a')], NOTHING_SAID);
    sent[0]?.onSent(999);
    expect(useTransfers.getState().all[0]?.state).toMatchObject({ name: 'sending', sent: 10 });
  });

  it('are not sent on when they are dismissed', () => {
    send('u1', [file('a')], NOTHING_SAID);
    dismiss(useTransfers.getState().all[0]?.id ?? 0);
    expect([sent[0]?.signal.aborted, states()]).toEqual([true, []]);
  });

  it('stay with the reason when they are refused, and can be sent again', async () => {
    send('u1', [file('a')], NOTHING_SAID);
    sent[0]?.refused(new Failure(413, 'body_too_large', 'too large'));
    await settled();
    expect(states()).toEqual(['failed']);
    sendAgain(useTransfers.getState().all[0]?.id ?? 0);
    expect([states(), sent.length, sent[1]?.owner]).toEqual([['sending'], 2, 'u1']);
  });

  it('are followed until they are read, also past a server that is away for a while', async () => {
    send('u1', [file('a')], NOTHING_SAID);
    looks.push(
      () => status('processing'),
      () => {
        throw new Failure(0, 'unreachable', 'away');
      },
      () => status('completed'),
    );
    sent[0]?.taken({ upload_id: '1' });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(useTransfers.getState().all[0]?.state).toMatchObject({
      name: 'taken',
      status: { result: { status: 'completed' } },
    });
  });

  it('hold a window that is about to be closed, as long as they are sent', async () => {
    const closing = () => {
      const event = new Event('beforeunload', { cancelable: true });
      window.dispatchEvent(event);
      return event.defaultPrevented;
    };
    expect(closing()).toBe(false);
    send('u1', [file('a')], NOTHING_SAID);
    expect(closing()).toBe(true);
    looks.push(() => status('completed'));
    sent[0]?.taken({ upload_id: '1' });
    await settled();
    expect(closing()).toBe(false);
  });
});
