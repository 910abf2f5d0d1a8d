/** Sends a line again, as it came or mended. What was typed stays if it is refused again. */
import { useMemo, useState } from 'react';
import { ask } from '../api/client';
import { changed } from '../api/questions';
import type { DeadLetter } from '../api/schema';
import { tell } from '../app/toasts';
import { Button, TextArea } from '../design/controls';
import { Section } from '../design/page';
import { Note, sentence } from '../design/states';
import { mendable } from './bytes';
import css from './letters.module.css';
import { judged, lineOf, sentenceOf } from './mending';

export function Mend({ letter, onGone }: { letter: DeadLetter; onGone: () => void }) {
  const came = useMemo(() => mendable(letter), [letter]);
  const [typed, setTyped] = useState(came);
  const [failure, setFailure] = useState<unknown>(null);
  const [isSending, setSending] = useState(false);
  const judgement = useMemo(() => judged(typed), [typed]);
  const line = lineOf(judgement);
  const isChanged = typed !== came;
  const send = async (body: { raw?: string }) => {
    setSending(true);
    setFailure(null);
    try {
      const { id } = await ask('POST /api/logs/dead-letters/{id}/replay', { path: { id: letter.id }, body });
      tell(`Letter ${letter.id} is stored as line ${id}`);
      onGone();
      await changed('GET /api/logs/search', 'GET /api/logs/stats', 'GET /api/logs/histogram');
    } catch (error) {
      setFailure(error);
    } finally {
      setSending(false);
    }
  };
  return (
    <Section title="Send it again">
      <form
        className={css.mend}
        onSubmit={(event) => {
          event.preventDefault();
          if (line !== null) void send({ raw: line });
        }}
      >
        <TextArea
          label="The line, mended"
          className={css.mono}
          rows={8}
          spellCheck={false}
          value={typed}
          hint={hintOf(letter, sentenceOf(judgement))}
          onChange={({ target }) => setTyped(target.value)}
        />
        {failure !== null && <Note kind="error">It was refused again: {sentence(failure)}</Note>}
        <div className={css.row}>
          <Button kind="main" type="submit" disabled={isSending || line === null || !isChanged}>
            Send it mended
          </Button>
          <Button disabled={isSending || letter.cut} onClick={() => void send({})}>
            Send it as it came
          </Button>
          {isChanged && (
            <Button kind="plain" onClick={() => setTyped(came)}>
              Begin again with what came
            </Button>
          )}
        </div>
      </form>
    </Section>
  );
}

function hintOf({ encoding, cut }: DeadLetter, judgement: string): string {
  const about = [
    encoding === 'base64' && 'Bytes that are no text are replaced by � here.',
    cut && 'Only the beginning was kept, so it can be sent mended only.',
    judgement,
  ];
  return about.filter(Boolean).join(' ');
}
