/**
 * What has the focus may go: a line that is closed, a button that was pressed once.
 *
 * Invariant: the focus is then on what was around it, a panel or the content of the page, and not lost; where somebody put
 * it elsewhere, it stays.
 */
import { useEffect } from 'react';

export function useKeptFocus(): void {
  useEffect(() => {
    let around: Element[] = [];
    const hear = ({ target }: FocusEvent) => {
      around = target instanceof Element ? upwards(target) : [];
    };
    const look = () => {
      if (around[0]?.isConnected ?? true) return;
      const left = around.find((one) => one.isConnected && one.hasAttribute('tabindex'));
      around = [];
      if (document.activeElement === document.body && left instanceof HTMLElement)
        left.focus({ preventScroll: true });
    };
    const observer = new MutationObserver(look);
    observer.observe(document.body, { childList: true, subtree: true });
    document.addEventListener('focusin', hear);
    return () => {
      observer.disconnect();
      document.removeEventListener('focusin', hear);
    };
  }, []);
}

/** It, and all that it is in. */
function upwards(element: Element): Element[] {
  return element.parentElement ? [element, ...upwards(element.parentElement)] : [element];
}
