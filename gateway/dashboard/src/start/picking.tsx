/** The second step: a way is picked by the address, and its text copied. */
import { useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { Copy } from '../design/copy';
import { Section } from '../design/page';
import { health } from '../home/health';
import { useMadeKey } from './key';
import { isLocal, placeOf } from './listeners';
import css from './start.module.css';
import { NO_KEY, type Pasted, waysFor } from './ways';

export function SendStep() {
  const { way: wanted } = useSearch({ strict: false }) as Record<string, string | undefined>;
  const server = useQuery(health);
  const place = placeOf(server.data, new URL(document.baseURI));
  const ways = waysFor(place, useMadeKey()?.key ?? NO_KEY);
  const way = ways.find(({ id }) => id === wanted) ?? ways[0];
  if (!way) return null;
  const listener = way.over ? place[way.over] : null;
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
      <Text {...way} name={`For ${way.title}`} />
      {way.also && <Text {...way.also} name={`For ${way.title}: ${way.also.into}`} />}
      {listener && isLocal(listener.host) && (
        <p className={css.quiet}>
          Port {listener.port} is open on the server’s own machine only; the setting listeners.{way.over}{' '}
          opens it to others.
        </p>
      )}
      <p className={css.quiet}>
        Log files that you have already go to <Link to="/uploads">Uploads</Link>. All addresses and fields:{' '}
        <a href="api/docs/">the API</a>.
      </p>
    </Section>
  );
}

function Text({ into, snippet, name }: Pasted & { name: string }) {
  return (
    <div className={css.snippet}>
      <div className={css.head}>
        <span className={css.quiet}>{into}</span>
        <Copy text={snippet} label="Copy the text" />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys */}
      <section className={css.text} tabIndex={0} aria-label={name}>
        <pre>{snippet}</pre>
      </section>
    </div>
  );
}
