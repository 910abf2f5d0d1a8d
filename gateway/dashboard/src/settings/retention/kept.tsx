/** How long lines are kept. Who shortens it is asked first, because lines that went do not come back. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ask } from '../../api/client';
import { answers, changed, question } from '../../api/questions';
import type { Retention } from '../../api/schema';
import { useMay } from '../../app/roles';
import { useSending } from '../../app/sending';
import { tell, tellFailure } from '../../app/toasts';
import { Section, Table } from '../../design/page';
import { Answered } from '../parts/answered';
import css from '../parts/parts.module.css';
import { Question } from '../parts/question';
import { bodyOf, chosen, type Draft, draftOf, type Shortened, shortened } from './rules';
import { RulesForm } from './rules_form';

const RETENTION = question('GET /api/tenant/retention');

export function Kept() {
  const retention = useQuery(RETENTION);
  const isAdmin = useMay('admin');
  return (
    <Section
      title="How long lines are kept"
      about="The first rule whose pattern fits the stream of a line counts. Older lines go within an hour."
    >
      <Answered query={retention} what="The retention">
        {(retention) => (isAdmin ? <Edited retention={retention} /> : <Shown retention={retention} />)}
      </Answered>
      {isAdmin === false && <p className={css.quiet}>An administrator can change this.</p>}
    </Section>
  );
}

function Shown({ retention: { days, streams } }: { retention: Retention }) {
  return (
    <Table label="Rules" columns={['Stream', 'Days']}>
      {streams.map((rule) => (
        <tr key={rule.stream}>
          <td className={css.mono}>{rule.stream}</td>
          <td>{rule.days}</td>
        </tr>
      ))}
      <tr>
        <td>{streams.length === 0 ? 'All streams' : 'All others'}</td>
        <td>{days}</td>
      </tr>
    </Table>
  );
}

async function choose(draft: Draft) {
  const now = await ask('PUT /api/tenant/retention', { body: bodyOf(draft) });
  answers.setQueryData(RETENTION.queryKey, now);
  await changed('GET /api/tenant', 'GET /api/users/profile/quota');
}

function Edited({ retention }: { retention: Retention }) {
  const known = useQuery(question('GET /api/logs/streams', { query: { size: 1000 } })).data?.results ?? [];
  const [typed, setTyped] = useState<Draft | null>(null);
  const [lost, setLost] = useState<Shortened[] | null>(null);
  const sending = useSending();
  const draft = typed ?? draftOf(retention);
  const save = async () => {
    await choose(draft);
    setTyped(null);
    const undo = () => void choose(draftOf(retention)).catch(tellFailure);
    tell('The rules are saved.', { undo });
  };
  const send = () => {
    const names = known.map(({ name }) => name);
    const less = shortened(retention, chosen(draft, retention.days_max), names);
    if (less.length > 0) setLost(less);
    else void sending.send(save);
  };
  return (
    <>
      <RulesForm
        draft={draft}
        most={retention.days_max}
        isChanged={typed !== null}
        sending={sending}
        onChange={setTyped}
        onDiscard={() => {
          setTyped(null);
          sending.forget();
        }}
        onSend={send}
      />
      {lost && (
        <Question
          title="Keep lines for less?"
          act="Save and remove"
          work={save}
          onClose={() => setLost(null)}
        >
          <Lost lost={lost} />
        </Question>
      )}
    </>
  );
}

const LISTED_MAX = 10;

function Lost({ lost }: { lost: Shortened[] }) {
  return (
    <>
      <p>Lines that are older go within an hour and do not come back:</p>
      <ul>
        {lost.slice(0, LISTED_MAX).map(({ stream, before, after }) => (
          <li key={stream ?? ''}>
            {stream === null ? 'streams of no rule' : <span className={css.mono}>{stream}</span>}: {before} →{' '}
            {after} days
          </li>
        ))}
        {lost.length > LISTED_MAX && <li>and {lost.length - LISTED_MAX} more</li>}
      </ul>
    </>
  );
}
