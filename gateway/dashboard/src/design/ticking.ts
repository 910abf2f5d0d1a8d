/**
 * What grows old while a page is open.
 *
 * Invariant: there is one timer for all of it, none while nobody looks, and only what says something else is drawn anew.
 */
import { useSyncExternalStore } from 'react';

const EVERY_MS = 1000;

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** A text that depends on the time of now. */
export function useTicking(text: () => string): string {
  return useSyncExternalStore(subscribe, text);
}

function subscribe(listener: () => void) {
  if (listeners.size === 0) document.addEventListener('visibilitychange', look);
  listeners.add(listener);
  runOrRest();
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) document.removeEventListener('visibilitychange', look);
    runOrRest();
  };
}

/** Whoever comes back sees at once what it is by now. */
function look() {
  runOrRest();
  if (!document.hidden) tick();
}

function runOrRest() {
  const isWanted = listeners.size > 0 && !document.hidden;
  if (isWanted) timer ??= setInterval(tick, EVERY_MS);
  else {
    clearInterval(timer);
    timer = undefined;
  }
}

function tick() {
  for (const listener of [...listeners]) listener();
}
