/** The newest errors of the span. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Line } from '../api/schema';
import { Section } from '../design/page';
import { Failed, Note, Waiting } from '../design/states';
import type { Asked } from '../explore/time/span';
import { recentErrors } from './figures';
import css from './home.module.css';
import { FewLines } from './lines';
import { toExplore } from './toexplore';

const SHOWN = 8;
const ERRORS = 'level>=error';

export function ErrorsPanel({ asked }: { asked: Asked }) {
  const { data, error, isPending, refetch } = useQuery(recentErrors(asked, SHOWN));
  return (
    <Section title="Newest errors">
      <div className={css.panel}>
        {isPending && <Waiting />}
        {error && !data && (
          <Failed what="The errors could not be read" error={error} onRetry={() => void refetch()} />
        )}
        {data?.results.length === 0 && <p className={css.quiet}>There are no errors in this time.</p>}
        {data && data.results.length > 0 && (
          <>
            <FewLines
              lines={data.results as unknown as Line[]}
              label="Newest errors"
              search={toExplore(asked, { q: ERRORS })}
              withDay
            />
            <Link to="/explore" search={toExplore(asked, { q: ERRORS }) as never}>
              All errors
            </Link>
          </>
        )}
        {data?.partial && <Note>In part: {data.warnings.join(' ')}</Note>}
      </div>
    </Section>
  );
}
