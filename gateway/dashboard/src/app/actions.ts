/**
 * What can be done from where one is: the keys and the palette know it from here.
 *
 * Invariant: an action is there as long as the part of the page that offers it. Later ones win over earlier ones with the
 * same keys, so a page may take a key of the shell for itself.
 */
import { useEffect, useRef } from 'react';
import { create } from 'zustand';

export interface Action {
  /** A verb and what it is done to. */
  title: string;
  /** As they are shown: `Mod+K`, `/`, `Space`, `g e`. */
  keys?: string;
  /** In the list of keys and the palette. */
  group: string;
  run: () => void;
  /** Also while one types. */
  whileTyping?: boolean;
  /** Not in the palette. */
  hidden?: boolean;
}

interface Offered extends Action {
  id: number;
}

export const useActions = create<{ all: Offered[] }>(() => ({ all: [] }));
let last = 0;

/** Offers actions for as long as the caller is shown. What they do may change; what they are called may not. */
export function useOffer(actions: Action[]) {
  const latest = useRef(actions);
  latest.current = actions;
  const names = actions.map(({ title, keys }) => `${title}\0${keys ?? ''}`).join('\n');
  // biome-ignore lint/correctness/useExhaustiveDependencies: the names say whether the list is another one
  useEffect(() => {
    const offered = latest.current.map((action, at): Offered => {
      last += 1;
      return { ...action, id: last, run: () => latest.current[at]?.run() };
    });
    useActions.setState(({ all }) => ({ all: [...all, ...offered] }));
    return () => useActions.setState(({ all }) => ({ all: all.filter((one) => !offered.includes(one)) }));
  }, [names]);
}
