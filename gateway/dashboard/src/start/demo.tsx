/** Lines of an example shop for those who have none at hand. Invariant: the switch stands as the server says. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ask } from '../api/client';
import { changed, question } from '../api/questions';
import type { Demo } from '../api/schema';
import { useMay } from '../app/roles';
import { useSending } from '../app/sending';
import { buttonClass, Check } from '../design/controls';
import { Moment } from '../design/moment';
import { exact } from '../design/numbers';
import { Section } from '../design/page';
import { Failed, Note, sentence, Waiting } from '../design/states';
import css from './start.module.css';

const LOOK_MS = 2_000;
const FOUND_BY = 'data_stream.namespace:demo';

export function ExampleStep() {
  const demo = useQuery({
    ...question('GET /api/tenant/demo'),
    refetchInterval: ({ state }) => (state.data?.playing ? LOOK_MS : false),
  });
  return (
    <Section
      title="Or look first"
      about="A shop with six services: half an hour of its past with a slow version, failing payments, a lost database and somebody who tries passwords, and then a quarter of an hour as it happens."
    >
      {demo.data ? (
        <Switch demo={demo.data} />
      ) : demo.isError ? (
        <Failed
          what="It is not known whether example lines are played"
          error={demo.error}
          onRetry={() => void demo.refetch()}
        />
      ) : (
        <Waiting what="Asking for the example lines" />
      )}
    </Section>
  );
}

function Switch({ demo }: { demo: Demo }) {
  const sending = useSending();
  const isAllowed = useMay('admin') === true;
  const turn = (on: boolean) =>
    void sending.send(async () => {
      await (on ? ask('POST /api/tenant/demo', { body: {} }) : ask('DELETE /api/tenant/demo'));
      await changed('GET /api/tenant/demo');
    });
  return (
    <>
      {sending.error !== null && <Note kind="error">{sentence(sending.error)}</Note>}
      <div className={css.row}>
        <Check
          label="Play example lines"
          role="switch"
          checked={demo.playing}
          aria-disabled={sending.busy || !isAllowed || undefined}
          onChange={(event) => isAllowed && turn(event.target.checked)}
        />
        <Link to="/explore" search={{ q: FOUND_BY, live: '1' } as never} className={buttonClass}>
          Watch example lines
        </Link>
      </div>
      <p className={css.quiet} role="status">
        <State demo={demo} isAllowed={isAllowed} />
      </p>
    </>
  );
}

function State({ demo: { playing, until, lines, streams }, isAllowed }: { demo: Demo; isAllowed: boolean }) {
  if (playing)
    return (
      <>
        {exact(lines)} lines so far
        {until && (
          <>
            ; it ends <Moment at={until} />
          </>
        )}
        .
      </>
    );
  if (!isAllowed) return 'An admin of the tenant may switch it on.';
  return (
    <>
      The lines count as any you send, stand apart in the streams <code>{streams}</code>, and are kept for a
      day unless <Link to="/settings/retention">Retention</Link> says otherwise.
    </>
  );
}
