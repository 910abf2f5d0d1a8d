/** The services with the most lines, and how many of theirs are errors. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { exact, short } from '../design/numbers';
import { Section, Table } from '../design/page';
import { Failed, Waiting } from '../design/states';
import { included } from '../explore/fields/clause';
import type { Asked } from '../explore/time/span';
import { errorsByService, figures, type ServiceRow, serviceRows } from './figures';
import css from './home.module.css';
import { toExplore } from './toexplore';

export function ServicesPanel({ asked }: { asked: Asked }) {
  const all = useQuery(figures(asked));
  const failed = useQuery(errorsByService(asked));
  const error = all.error ?? failed.error;
  const retry = () => void Promise.all([all.refetch(), failed.refetch()]);
  const isThere = all.data && failed.data;
  const rows = isThere ? serviceRows(all.data.now.by_service, failed.data.facets[0]?.values ?? []) : [];
  return (
    <Section title="Busiest services">
      <div className={css.panel}>
        {!isThere && !error && <Waiting />}
        {!isThere && error && <Failed what="The services could not be read" error={error} onRetry={retry} />}
        {isThere && rows.length === 0 && <p className={css.quiet}>No line of this time names a service.</p>}
        {rows.length > 0 && <Rows rows={rows} asked={asked} />}
      </div>
    </Section>
  );
}

const COLUMNS = [
  'Service',
  'Share of the busiest',
  <span key="lines" className={css.numberHead}>
    Lines
  </span>,
  <span key="errors" className={css.numberHead}>
    Errors
  </span>,
];

function Rows({ rows, asked }: { rows: ServiceRow[]; asked: Asked }) {
  return (
    <Table label="Services by lines" columns={COLUMNS}>
      {rows.map(({ service, lines, errors, share }) => {
        const q = included('', 'service', service);
        return (
          <tr key={service}>
            <th scope="row" className={css.service}>
              <Link to="/explore" search={toExplore(asked, { q }) as never}>
                <bdi>{service}</bdi>
              </Link>
            </th>
            <td className={css.barCell}>
              <span className={css.bar} style={{ width: `${Math.max(share * 100, 1)}%` }} />
            </td>
            <td className={css.number} title={exact(lines)}>
              {short(lines)}
            </td>
            <td className={css.number} title={exact(errors)}>
              {errors > 0 ? (
                <Link
                  to="/explore"
                  search={toExplore(asked, { q: `${q} and level>=error` }) as never}
                  className={css.errors}
                >
                  {short(errors)}
                </Link>
              ) : (
                <span className={css.quiet}>0</span>
              )}
            </td>
          </tr>
        );
      })}
    </Table>
  );
}
