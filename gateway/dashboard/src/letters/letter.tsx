/** One letter: why it was set aside, what came, and what is done about it. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { ask, Failure } from '../api/client';
import { answers, changed, question } from '../api/questions';
import type { DeadLetter } from '../api/schema';
import { type Go, linkTo, type Search } from '../app/address';
import { may } from '../app/roles';
import { useMe } from '../app/session';
import { tell } from '../app/toasts';
import { Button } from '../design/controls';
import { Copy } from '../design/copy';
import { Dialog, Foot } from '../design/dialog';
import { Moment } from '../design/moment';
import { bytes, exact } from '../design/numbers';
import { Page, Section, useTop } from '../design/page';
import { Empty, Failed, Note, sentence, Waiting } from '../design/states';
import { From } from './from';
import css from './letters.module.css';
import { Mend } from './mend';
import { lengthOf, Raw } from './raw';

interface LetterPageProps {
  id: string;
  search: Search;
  go: Go;
}

const CHARS_FIRST = 10_000;

export function LetterPage({ id, search, go }: LetterPageProps) {
  useTop();
  const { placeholderData: _, ...asked } = question('GET /api/logs/dead-letters/{id}', { path: { id } });
  const letter = useQuery({ ...asked, staleTime: Number.POSITIVE_INFINITY });
  const all = <Link {...linkTo(search, { letter: undefined })}>All dead letters</Link>;
  const leave = async () => {
    go({ letter: undefined });
    answers.removeQueries({ queryKey: ['GET /api/logs/dead-letters/{id}', { path: { id } }] });
    await changed('GET /api/logs/dead-letters');
  };
  return (
    <Page title={`Dead letter ${id}`} actions={all}>
      {letter.isError ? (
        letter.error instanceof Failure && letter.error.status === 404 ? (
          <Empty title="There is no such letter">
            It may have been sent again or dropped, or newer ones have taken its place.
          </Empty>
        ) : (
          <Failed
            what="The letter could not be loaded"
            error={letter.error}
            onRetry={() => void letter.refetch()}
          />
        )
      ) : letter.data ? (
        <Letter letter={letter.data} onGone={() => void leave()} />
      ) : (
        <Waiting what="Loading the letter" />
      )}
    </Page>
  );
}

function Letter({ letter, onGone }: { letter: DeadLetter; onGone: () => void }) {
  const role = useMe()?.role;
  const [isDropping, setDropping] = useState(false);
  const [isWhole, setWhole] = useState(false);
  const length = lengthOf(letter.raw, letter.encoding);
  return (
    <>
      <dl className={css.facts}>
        <Fact name="Why">
          <bdi>{letter.message}</bdi> <code className={css.quiet}>{letter.code}</code>
        </Fact>
        <Fact name="From">
          <From letter={letter} />
        </Fact>
        <Fact name="Set aside">
          <Moment at={letter.at} />
        </Fact>
        <Fact name="Size">
          <span title={`${exact(letter.bytes)} bytes`}>{bytes(letter.bytes)}</span>
        </Fact>
      </dl>
      <Section title="What came">
        {letter.encoding === 'base64' && (
          <p className={css.quiet}>It is no text; bytes of no character are written out.</p>
        )}
        {letter.cut && (
          <Note>
            Only its beginning was kept: {bytes(length)} of {bytes(letter.bytes)}.
          </Note>
        )}
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys */}
        <section className={css.scroll} aria-label="What came, made readable" tabIndex={0}>
          <pre className={css.raw}>
            <Raw letter={letter} charsMax={isWhole ? Number.POSITIVE_INFINITY : CHARS_FIRST} />
          </pre>
        </section>
        <div className={css.row}>
          {letter.encoding === 'text' && <Copy text={letter.raw} label="Copy what came" />}
          {length > CHARS_FIRST && !isWhole && <Button onClick={() => setWhole(true)}>Show all of it</Button>}
          {may(role, 'write') && (
            <Button kind="danger" onClick={() => setDropping(true)}>
              Drop
            </Button>
          )}
        </div>
      </Section>
      {letter.event !== null ? (
        <p>
          An event cannot be sent again. Whoever runs the server mends what could not take it: antler rebuild.
        </p>
      ) : may(role, 'ingest') ? (
        <Mend letter={letter} onGone={onGone} />
      ) : null}
      {isDropping && <Drop id={letter.id} onClose={() => setDropping(false)} onGone={onGone} />}
    </>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div className={css.fact}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Drop({ id, onClose, onGone }: { id: string; onClose: () => void; onGone: () => void }) {
  const [failure, setFailure] = useState<unknown>(null);
  const run = async () => {
    try {
      await ask('DELETE /api/logs/dead-letters/{id}', { path: { id } });
      tell(`Letter ${id} was dropped`);
      onGone();
    } catch (error) {
      setFailure(error);
    }
  };
  return (
    <Dialog title={`Drop letter ${id}`} onClose={onClose}>
      <p>Drop letter {id}? What came is gone then; this cannot be undone.</p>
      {failure !== null && <Note kind="error">{sentence(failure)}</Note>}
      <Foot>
        <Button onClick={onClose}>Keep it</Button>
        <Button kind="danger" onClick={() => void run()}>
          Drop the letter
        </Button>
      </Foot>
    </Dialog>
  );
}
