/**
 * Tells a person of a notice: on the page, and as far as is wanted by a sound and by the desktop.
 *
 * Invariant: of several windows one makes the sound and asks the desktop, and sounds keep a distance.
 */
import { address } from '../api/client';
import { usePreferences } from '../app/preferences';
import { tell } from '../app/toasts';
import type { Notice } from './notice';

const SOUND_EACH_MS = 2000;
/** A window that was loaded a moment ago, or whose neighbour was closed, is the first by then. */
const SETTLED_MS = 1000;

let isFirst = !navigator.locks;
let soundedAt = 0;
let audio: AudioContext | null = null;
const raised = new Set<string>();

/** One window is the first, as long as somebody is logged in there. */
export function beFirst(): () => void {
  if (!navigator.locks) return () => {};
  const asking = new AbortController();
  let release = () => {};
  const hold = () => {
    isFirst = true;
    return new Promise<void>((done) => {
      release = done;
    });
  };
  navigator.locks.request('antler-notices', { signal: asking.signal }, hold).catch(() => {});
  return () => {
    asking.abort();
    release();
    isFirst = false;
  };
}

/** Once in each window, which may have heard of it from another before it hears of it itself. */
export function raise(notice: Notice) {
  const { id, kind, text, place } = notice;
  if (raised.has(id)) return;
  raised.add(id);
  tell(text, { kind: kind === 'error' ? 'error' : 'news', ...(place && { place }) });
  if (isFirst) call(notice);
  else setTimeout(() => isFirst && call(notice), SETTLED_MS);
}

/** Beyond the page. */
function call({ id, text, place }: Notice) {
  const { browser, sound } = usePreferences.getState().notices;
  if (sound) beep();
  if (browser && !document.hasFocus()) onDesktop(id, text, place);
}

/** Short and soft. A browser makes no sound before somebody has clicked; then there is none. */
export function beep() {
  if (Date.now() - soundedAt < SOUND_EACH_MS) return;
  soundedAt = Date.now();
  audio ??= new AudioContext();
  const { currentTime, destination } = audio;
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  tone.frequency.value = 660;
  volume.gain.setValueAtTime(0.06, currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, currentTime + 0.2);
  tone.connect(volume).connect(destination);
  tone.start(currentTime);
  tone.stop(currentTime + 0.2);
}

/** Whether the desktop may be asked; somebody is asked whether it may. */
export async function mayUseDesktop(): Promise<boolean> {
  if (!('Notification' in window)) return false;
  return (await Notification.requestPermission()) === 'granted';
}

function onDesktop(tag: string, body: string, place: Notice['place']) {
  if (!('Notification' in window) || Notification.permission !== 'granted') return;
  try {
    const shown = new Notification('Antler', { body, tag });
    shown.onclick = () => {
      window.focus();
      shown.close();
      if (place) location.assign(`${address(place.to)}?${new URLSearchParams(place.search)}`);
    };
  } catch {
    // Browsers of phones show none to a page; the list has it.
  }
}
