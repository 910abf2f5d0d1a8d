import { describe, expect, it } from 'vitest';
import { Failure } from '../api/client';
import { doneWithAll, outcome } from './many';

const ids = Array.from({ length: 20 }, (_, at) => String(at));
const ignored = () => undefined;

describe('doing the same with many letters', () => {
  it('does each once', async () => {
    const seen: string[] = [];
    const act = async (id: string) => void seen.push(id);
    const progress = await doneWithAll(ids, act, new AbortController().signal, ignored);
    expect(seen.toSorted()).toEqual(ids.toSorted());
    expect(progress).toEqual({ done: 20, refused: [], stopped: null });
  });

  it('goes on after one that is refused, and takes one that is gone for done', async () => {
    const act = async (id: string) => {
      if (id === '3') throw new Failure(400, 'invalid_lines', 'too deep');
      if (id === '4') throw new Failure(404, 'not_found', 'gone');
    };
    const progress = await doneWithAll(ids, act, new AbortController().signal, ignored);
    expect(progress).toEqual({ done: 19, refused: [{ id: '3', why: 'too deep' }], stopped: null });
  });

  it('stops when all the others would fail too', async () => {
    let begun = 0;
    const act = async () => {
      begun += 1;
      throw new Failure(429, 'too_many', 'wait');
    };
    const progress = await doneWithAll(ids, act, new AbortController().signal, ignored);
    expect([progress.done, progress.stopped?.status]).toEqual([0, 429]);
    expect(begun).toBeLessThanOrEqual(4);
  });

  it('stops when it is told to', async () => {
    const abort = new AbortController();
    const act = async (id: string) => {
      if (id === '5') abort.abort();
    };
    const progress = await doneWithAll(ids, act, abort.signal, ignored);
    expect(progress.done).toBeLessThan(12);
  });
});

describe('what came of it', () => {
  const of = (done: number, ...whys: string[]) =>
    outcome('sent again', { done, refused: whys.map((why, at) => ({ id: String(at), why })), stopped: null });
  it('is said with how many were refused, and why', () => {
    expect(of(1204)).toBe('1,204 sent again');
    expect(of(17, 'too deep', 'too deep')).toBe('17 sent again, 2 were refused: too deep (2)');
    expect(of(0, 'too deep')).toBe('0 sent again, 1 was refused: too deep');
    expect(of(1, 'a', 'b', 'c', 'd', 'd')).toBe('1 sent again, 5 were refused: d (2); a; b; …');
  });
});
