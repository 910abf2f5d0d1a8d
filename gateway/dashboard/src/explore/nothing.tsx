/** Why a search found nothing, and the nearest that there is. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { question } from '../api/questions';
import { Button } from '../design/controls';
import { relative, short } from '../design/numbers';
import { Empty } from '../design/states';
import { filterOf } from './editor/tokens';
import type { Span } from './time/span';

interface NothingProps {
  q: string;
  span: Span;
  isLive: boolean;
  onChange(change: { q?: string; from?: string; to?: string }): void;
}

export function Nothing({ q, span, isLive, onChange }: NothingProps) {
  const filter = filterOf(q);
  const within = { from: span.from.toISOString(), ...(!span.isLive && { to: span.to.toISOString() }) };
  const all = useQuery(question('GET /api/logs/stats', { query: { size: 1 } })).data;
  const here = useQuery({
    ...question('GET /api/logs/stats', { query: { ...within, size: 1 } }),
    enabled: filter !== '',
  }).data;
  const ever = useQuery({
    ...question('GET /api/logs/search', { query: { q: filter, size: 1, save: false } }),
    enabled: filter !== '',
  }).data;
  if (!all) return null;
  if (all.storage.lines === 0) {
    return (
      <Empty title={isLive ? 'Waiting for the first line' : 'No line was sent yet'}>
        <Link to={'/start' as never}>See how to send one</Link>
      </Empty>
    );
  }
  const newest = ever?.results[0]?.timestamp ?? all.storage.latest;
  const at = typeof newest === 'string' ? new Date(newest) : null;
  const around = at && {
    from: new Date(at.getTime() - 900_000).toISOString(),
    to: new Date(at.getTime() + 1000).toISOString(),
  };
  const isFilter = filter !== '' && here && here.total > 0;
  const title = isFilter ? 'Nothing fits this query in this time' : 'There are no lines in this time';
  return (
    <Empty title={title}>
      {isFilter && <p>{short(here.total)} lines of this time do not fit it.</p>}
      {ever && ever.results.length === 0 && <p>Nothing that is stored fits it.</p>}
      {at && ever?.results.length !== 0 && (
        <p>
          The newest line{filter && ' that fits'} is of {relative(at)}.{' '}
          {around && <Button onClick={() => onChange(around)}>Show the lines around it</Button>}
        </p>
      )}
      {filter && (
        <p>
          <Button onClick={() => onChange({ q: '' })}>Take the query away</Button>
        </p>
      )}
    </Empty>
  );
}
