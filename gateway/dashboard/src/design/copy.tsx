/** Puts text where it can be pasted, and says that it did. */
import { useEffect, useState } from 'react';
import { Button } from './controls';

export function Copy({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [done, setDone] = useState<'copied' | 'failed' | null>(null);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(null), 2000);
    return () => clearTimeout(timer);
  }, [done]);
  const copy = () => copied(text).then((is) => setDone(is ? 'copied' : 'failed'));
  return (
    <>
      <Button onClick={copy}>
        {done === 'copied' ? 'Copied' : done === 'failed' ? 'Select it and copy by hand' : label}
      </Button>
      <span className="unseen" role="status">
        {done}
      </span>
    </>
  );
}

/** Also where the page has no clipboard, as over plain HTTP from elsewhere. */
export async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'unseen';
    document.body.append(area);
    area.select();
    const is = document.execCommand('copy');
    area.remove();
    return is;
  }
}
