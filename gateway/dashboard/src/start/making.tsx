/** The first step: a key that may send lines and nothing else. Invariant: it says if there is one from before. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { question } from '../api/questions';
import { Button } from '../design/controls';
import { Copy } from '../design/copy';
import { Moment } from '../design/moment';
import { Section } from '../design/page';
import { Note, sentence } from '../design/states';
import { makeKey, useMadeKey } from './key';
import css from './start.module.css';

const NAME = 'first lines';

export function KeyStep() {
  const made = useMadeKey();
  const row = useRef<HTMLDivElement>(null);
  const [isNew, setNew] = useState(false);
  // The button that was pressed is gone: what comes next is to copy.
  useEffect(() => {
    if (isNew) row.current?.querySelector('button')?.focus();
  }, [isNew]);
  return (
    <Section title="1. A key" about="It may send lines, and neither read nor change anything.">
      {made ? (
        <div ref={row} className={css.row}>
          <code className={css.key}>{made.key}</code>
          <Copy text={made.key} label="Copy the key" />
          <span className={css.quiet}>
            Shown until you reload the page, and never again. It is listed as “{made.name}” under{' '}
            <Link to="/settings/keys">API keys</Link>.
          </span>
        </div>
      ) : (
        <Making onMade={() => setNew(true)} />
      )}
    </Section>
  );
}

function Making({ onMade }: { onMade(): void }) {
  const keys = useQuery(question('GET /api/users/profile/api-keys', { query: { size: 200 } }));
  const [isMaking, setMaking] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const earlier = keys.data?.results.filter(({ name, active }) => active && name.startsWith(NAME)) ?? [];
  const last = earlier.at(0);
  const make = async () => {
    if (isMaking) return;
    setMaking(true);
    setFailure(null);
    try {
      await makeKey(earlier.length > 0 ? `${NAME} ${earlier.length + 1}` : NAME);
      onMade();
    } catch (error) {
      setFailure(error);
    } finally {
      setMaking(false);
    }
  };
  return (
    <>
      {failure !== null && <Note kind="error">{sentence(failure)}</Note>}
      <div className={css.row}>
        <Button kind="main" onClick={make} aria-disabled={isMaking || undefined}>
          {isMaking ? 'Making a key …' : last ? 'Make another key' : 'Make a key'}
        </Button>
        {last && (
          <span className={css.quiet}>
            The key “{last.name}” was made <Moment at={last.created_at} />. If you have it, put it in place of
            YOUR_KEY; the server cannot show it again.
          </span>
        )}
      </div>
    </>
  );
}
