/**
 * The files that were chosen and not sent yet, each with what it was found to be.
 *
 * Invariant: no file is here twice, and no more than can be sent in one go.
 */
import { useRef, useState } from 'react';
import { type Detected, detected, FILES_MAX, HEAD_BYTES } from './detect';

export interface Chosen {
  id: number;
  file: File;
  /** Null while its first bytes are being read. */
  detected: Detected | null;
}

export interface Choosing {
  chosen: Chosen[];
  add: (files: readonly File[]) => void;
  remove: (id: number) => void;
  clear: () => void;
  /** Why some that were chosen are not here. */
  leftOut: string | null;
}

export function useChosen(): Choosing {
  const [chosen, setChosen] = useState<Chosen[]>([]);
  const [leftOut, setLeftOut] = useState<string | null>(null);
  const last = useRef(0);
  const add = (files: readonly File[]) => {
    const { taken, left } = withoutDoubles(chosen, files);
    const added = taken.map((file): Chosen => {
      last.current += 1;
      return { id: last.current, file, detected: null };
    });
    setChosen([...chosen, ...added]);
    setLeftOut(left.length > 0 ? reason(left) : null);
    for (const one of added)
      void lookedAt(one.file).then((found) =>
        setChosen((now) => now.map((other) => (other.id === one.id ? { ...other, detected: found } : other))),
      );
  };
  const remove = (id: number) => {
    setChosen((now) => now.filter((one) => one.id !== id));
    setLeftOut(null);
  };
  const clear = () => {
    setChosen([]);
    setLeftOut(null);
  };
  return { chosen, add, remove, clear, leftOut };
}

/** Those that are new and for which there is room. */
export function withoutDoubles(chosen: readonly Chosen[], files: readonly File[]) {
  const isSame = (one: File, other: File) =>
    one.name === other.name && one.size === other.size && one.lastModified === other.lastModified;
  const fresh = files.filter(
    (file, at) =>
      !chosen.some((one) => isSame(one.file, file)) && !files.slice(0, at).some((one) => isSame(one, file)),
  );
  const room = FILES_MAX - chosen.length;
  return { taken: fresh.slice(0, room), left: fresh.slice(room) };
}

/** Why none of them can be sent yet, or at all. */
export function whyNot(chosen: readonly Chosen[]): string {
  if (chosen.some(({ detected }) => detected === null)) return 'They are being looked at.';
  return chosen.length > 1
    ? 'None of these files can be sent: the list says why.'
    : 'This file cannot be sent: the list says why.';
}

function reason(left: readonly File[]): string {
  const names = left.slice(0, 3).map((file) => file.name);
  const more = left.length > names.length ? ` and ${left.length - names.length} more` : '';
  return `${FILES_MAX} files can be sent at once. Choose the others afterwards: ${names.join(', ')}${more}.`;
}

async function lookedAt(file: File): Promise<Detected> {
  try {
    const head = await file.slice(0, HEAD_BYTES).arrayBuffer();
    return detected(new Uint8Array(head), file.name, file.size);
  } catch {
    return { is: 'refused', why: 'cannot be read: it may be a folder, or have gone since' };
  }
}
