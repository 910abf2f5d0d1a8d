import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Pause } from './pause';

let pause: Pause;
let field: HTMLInputElement;
const does = vi.fn();

beforeEach(() => {
  vi.useFakeTimers();
  does.mockClear();
  pause = new Pause();
  field = document.body.appendChild(document.createElement('input'));
});

afterEach(() => {
  pause.end();
  field.remove();
  vi.useRealTimers();
});

function type(key: string) {
  field.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
}

it('is over at once where nobody types', () => {
  pause.after(does);
  expect(does).toHaveBeenCalledTimes(1);
});

it('comes after the last key, and once', () => {
  type('a');
  pause.after(does);
  pause.after(does);
  vi.advanceTimersByTime(700);
  type('b');
  vi.advanceTimersByTime(700);
  expect(does).not.toHaveBeenCalled();
  vi.advanceTimersByTime(200);
  expect(does).toHaveBeenCalledTimes(1);
});

it('is there when what was typed is sent by Enter', () => {
  type('a');
  type('Enter');
  pause.after(does);
  expect(does).toHaveBeenCalledTimes(1);
});

it('does nothing after its end', () => {
  type('a');
  pause.after(does);
  pause.end();
  vi.advanceTimersByTime(5000);
  expect(does).not.toHaveBeenCalled();
});
