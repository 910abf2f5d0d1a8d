/** A field whose text is said when nothing was typed for a moment. Invariant: what is typed is never overtaken by an older text. */
import { useEffect, useRef, useState } from 'react';
import { TextField } from '../design/controls';

const SETTLE_MS = 300;

interface SettlingProps {
  label: string;
  said: string;
  onSay: (text: string) => void;
  type?: string;
  placeholder?: string;
  wrong?: string | null;
  hint?: string;
}

export function Settling({ said, onSay, ...rest }: SettlingProps) {
  const [typed, setTyped] = useState(said);
  const sayLatest = useRef(onSay);
  sayLatest.current = onSay;
  const own = useRef(said);
  useEffect(() => {
    const timer = setTimeout(() => {
      if (typed === own.current) return;
      own.current = typed;
      sayLatest.current(typed);
    }, SETTLE_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  // The address may say something else by itself, as after a step back.
  useEffect(() => {
    if (said === own.current) return;
    own.current = said;
    setTyped(said);
  }, [said]);
  return <TextField {...rest} value={typed} onChange={({ target }) => setTyped(target.value)} />;
}
