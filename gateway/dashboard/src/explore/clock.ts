/** The time as it was at `begin`, and from then on every so often; it stands still without `every`. */
import { useEffect, useState } from 'react';

export function useClock(every: number | null, begin: number): number {
  const [now, setNow] = useState(begin);
  useEffect(() => {
    setNow(begin);
    if (every === null) return;
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every, begin]);
  return now;
}
