/** How long something has taken, in whole seconds; nothing while it does not run. */
import { useEffect, useState } from 'react';

export function useSeconds(isRunning: boolean): number {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    setSeconds(0);
    if (!isRunning) return;
    const began = performance.now();
    const timer = setInterval(() => setSeconds(Math.floor((performance.now() - began) / 1000)), 250);
    return () => clearInterval(timer);
  }, [isRunning]);
  return seconds;
}
