/** Hears keys and does what they stand for. It offers nothing itself. */
import { useEffect } from 'react';
import { useActions } from './actions';

const SEQUENCE_MS = 1000;
const IS_MAC = /Mac|iPhone|iPad/.test(navigator.platform);

/** `Mod` is ⌘ on a Mac and Ctrl elsewhere. */
export function pressed(event: KeyboardEvent): string {
  const key = event.key === ' ' ? 'Space' : event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const mod = IS_MAC ? event.metaKey || event.ctrlKey : event.ctrlKey;
  const shift = event.shiftKey && (key.length > 1 || /[a-z]/.test(key));
  return `${mod ? 'Mod+' : ''}${event.altKey ? 'Alt+' : ''}${shift ? 'Shift+' : ''}${key.length === 1 && mod ? key.toUpperCase() : key}`;
}

/** As a person reads it. */
export function shownKeys(keys: string): string {
  return IS_MAC ? keys.replace('Mod+', '⌘') : keys.replace('Mod', 'Ctrl');
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/** What a focused control does itself with a key is not taken from it. */
function isOwnKey(target: EventTarget | null, keys: string): boolean {
  if (!(target instanceof HTMLElement) || !/^(Space|Enter|Arrow.*)$/.test(keys)) return false;
  return target.closest('button, a, summary, [role="menu"], [role="tab"], [role="slider"], dialog') !== null;
}

export function useKeys() {
  useEffect(() => {
    let before = '';
    let at = 0;
    const hear = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const keys = pressed(event);
      const both = event.timeStamp - at < SEQUENCE_MS ? `${before} ${keys}` : keys;
      [before, at] = [keys, event.timeStamp];
      const typing = isTyping(event.target);
      if (isOwnKey(event.target, keys) || (document.querySelector('dialog[open]') && keys !== 'Mod+K'))
        return;
      const offered = [...useActions.getState().all].reverse();
      const action = offered.find(
        (one) => one.keys && (one.keys === both || one.keys === keys) && (!typing || one.whileTyping),
      );
      if (!action) return;
      event.preventDefault();
      before = '';
      action.run();
    };
    document.addEventListener('keydown', hear);
    return () => document.removeEventListener('keydown', hear);
  }, []);
}
