// @vitest-environment happy-dom
import { act, Profiler } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Moment } from './moment';

const NOW = new Date('2026-03-01T12:00:00Z');
const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1000).toISOString();

let root: Root;
let isHidden = false;
let drawn = 0;
beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => isHidden });
  root = createRoot(document.body.appendChild(document.createElement('div')));
  drawn = 0;
});
afterEach(() => {
  act(() => root.unmount());
  document.body.replaceChildren();
  vi.useRealTimers();
});

const show = (...seconds: number[]) =>
  act(() =>
    root.render(
      <Profiler id="all" onRender={() => (drawn += 1)}>
        {seconds.map((one) => (
          <Moment key={one} at={ago(one)} />
        ))}
      </Profiler>,
    ),
  );
const wait = (seconds: number) => act(() => vi.advanceTimersByTime(seconds * 1000));
const turn = (hidden: boolean) =>
  act(() => {
    isHidden = hidden;
    document.dispatchEvent(new Event('visibilitychange'));
  });
const said = () => [...document.querySelectorAll('time > span:first-child')].map((one) => one.textContent);

describe('a relative time', () => {
  it('grows while the page stays open', () => {
    show(0, 58, 7199);
    expect(said()).toEqual(['now', '58 s ago', '1 h ago']);
    wait(2);
    expect(said()).toEqual(['2 s ago', '1 min ago', '2 h ago']);
  });

  it('is drawn again when it says something else, and only then', () => {
    show(180, 7200, 90_000);
    const before = drawn;
    wait(59);
    expect(drawn).toBe(before);
    wait(1);
    expect(drawn).toBe(before + 1);
  });

  it('shares one timer, which rests while nobody looks and ends with the last', () => {
    show(1, 2, 3, 4, 5);
    expect(vi.getTimerCount()).toBe(1);
    turn(true);
    expect(vi.getTimerCount()).toBe(0);
    vi.setSystemTime(NOW.getTime() + 60_000);
    turn(false);
    expect(vi.getTimerCount()).toBe(1);
    expect(said()[0]).toBe('1 min ago');
    show();
    expect(vi.getTimerCount()).toBe(0);
  });
});
