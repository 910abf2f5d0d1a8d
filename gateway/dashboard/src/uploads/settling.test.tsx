import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Settling } from './settling';

const said = vi.fn();
let place: HTMLElement;
let show: (text: string) => void;

beforeEach(() => {
  vi.useFakeTimers();
  (globalThis as Record<string, unknown>).IS_REACT_ACT_ENVIRONMENT = true;
  place = document.body.appendChild(document.createElement('div'));
  const root = createRoot(place);
  show = (text) => act(() => root.render(<Settling label="Name has" said={text} onSay={said} />));
  show('');
});

afterEach(() => {
  said.mockClear();
  vi.useRealTimers();
});

function type(text: string) {
  const field = place.querySelector('input');
  const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set;
  act(() => {
    set?.call(field, text);
    field?.dispatchEvent(new Event('input', { bubbles: true }));
  });
}

const settle = () => act(() => vi.advanceTimersByTime(300));
const shown = () => place.querySelector('input')?.value;

it('says once what was typed when nothing was typed for a moment', () => {
  type('di');
  type('disks');
  expect(said).not.toHaveBeenCalled();
  settle();
  expect(said.mock.calls).toEqual([['disks']]);
});

it('keeps what is typed while the address takes in what was typed before', () => {
  type('di');
  settle();
  type('disks');
  show('di');
  expect(shown()).toBe('disks');
  settle();
  expect(said).toHaveBeenLastCalledWith('disks');
});

it('follows the address when it says something else by itself', () => {
  type('disks');
  settle();
  show('disks');
  show('');
  expect(shown()).toBe('');
  settle();
  expect(said).toHaveBeenCalledTimes(1);
});
