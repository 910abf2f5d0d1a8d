/** The second step: a way is picked by the address, and its text copied. */
import { useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { Copy } from '../design/copy';
import { Section } from '../design/page';
import { health } from '../home/health';
import { useMadeKey } from './key';
import { isLocal, placeOf } from './listeners';
import css from './start.module.css';
import { NO_KEY, waysFor } from './ways';

export function SendStep() {
  const { way: wanted } = useSearch({ strict: false }) as Record<string, string | undefined>;
  const server = useQuery(health);
  const place = placeOf(server.data, new URL(document.baseURI));
  const ways = waysFor(place, useMadeKey()?.key ?? NO_KEY);
  const way = ways.find(({ id }) => id === wanted) ?? ways[0];
  if (!way) return null;
  const isOverTcp = way.snippet.includes('/dev/tcp/');
  return (
    <Section title="2. A way to send">
      <nav className={css.ways} aria-label="Ways to send">
        {ways.map(({ id, title }) => (
          <Link
            key={id}
            to="/start"
            search={{ way: id } as never}
            replace
            className={css.way}
            aria-current={id === way.id ? 'true' : undefined}
          >
            {title}
          </Link>
        ))}
      </nav>
      <p>{way.about}</p>
      <div className={css.snippet}>
        <div className={css.head}>
          <span className={css.quiet}>{way.into}</span>
          <Copy text={way.snippet} label="Copy the text" />
        </div>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys */}
        <section className={css.text} tabIndex={0} aria-label={`For ${way.title}`}>
          <pre>{way.snippet}</pre>
        </section>
      </div>
      {isOverTcp && place.tcp && isLocal(place.tcp.host) && (
        <p className={css.quiet}>
          Port {place.tcp.port} is open on the server’s own machine only; the setting listeners.tcp opens it
          to others.
        </p>
      )}
      <p className={css.quiet}>
        Log files that you have already go to <Link to="/uploads">Uploads</Link>. All addresses and fields:{' '}
        <a href="api/docs/">the API</a>.
      </p>
    </Section>
  );
}
