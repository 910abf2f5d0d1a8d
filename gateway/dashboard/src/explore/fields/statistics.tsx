/** What the numbers of a field are like: least, most and what is between. */
import { useQuery } from '@tanstack/react-query';
import { question } from '../../api/questions';
import { exact } from '../../design/numbers';
import { sentence } from '../../design/states';
import css from './fields.module.css';
import { MEASURES, measuring } from './listing';

interface StatisticsProps {
  filter: string;
  field: string;
  from: string | undefined;
  to: string | undefined;
}

const NAMES: Partial<Record<(typeof MEASURES)[number], string>> = { avg: 'average', p50: 'median' };

export function Statistics({ filter, field, from, to }: StatisticsProps) {
  const query = { q: measuring(filter, field), from, to, size: 1, save: false };
  const { data, error } = useQuery(question('GET /api/logs/search', { query }));
  const values = data?.rows?.[0];
  if (error) return <p className={css.quiet}>{sentence(error)}</p>;
  if (!values)
    return (
      <p className={css.quiet} role="status">
        Measuring …
      </p>
    );
  const shown = MEASURES.map((measure, at) => ({ measure, value: values[at] })).filter(
    (one) => typeof one.value === 'number',
  );
  if (shown.length <= 1) return null;
  return (
    <dl className={css.measures}>
      {shown.map(({ measure, value }) => (
        <div key={measure}>
          <dt>{NAMES[measure] ?? measure}</dt>
          <dd title={String(value)}>{rounded(Number(value))}</dd>
        </div>
      ))}
    </dl>
  );
}

function rounded(value: number): string {
  return exact(Number(value.toPrecision(4)));
}
