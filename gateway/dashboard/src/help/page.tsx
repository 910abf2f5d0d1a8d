/** How to ask, which keys there are, and where the API is described. Each example is a way to its answer. */
import { Link } from '@tanstack/react-router';
import { Fragment } from 'react';
import { useActions } from '../app/actions';
import { shownKeys } from '../app/keys';
import { Page, Section, Table } from '../design/page';
import css from './help.module.css';
import { CHAPTERS, type Example, PIPES } from './language';

export default function Help() {
  return (
    <Page title="Help">
      <Section
        title="How to ask"
        about="A query is words and conditions. A mistake is told with its place and, where there is one, the way to mend it."
      >
        <Table label="Examples of queries" columns={['Query', 'Finds']}>
          {CHAPTERS.map(({ title, examples }) => (
            <Fragment key={title}>
              <tr>
                <th scope="rowgroup" colSpan={2} className={css.group}>
                  {title}
                </th>
              </tr>
              <Examples examples={examples} />
            </Fragment>
          ))}
        </Table>
      </Section>
      <Section
        title="How to count"
        about="Behind a | stands what is done with the lines that were found; several follow each other."
      >
        <Table label="Examples of pipes" columns={['Query', 'What it does']}>
          <Examples examples={PIPES} />
        </Table>
      </Section>
      <Keys />
      <Section
        title="From a program"
        about="All that these pages do is done by the API; an API key stands in place of a login."
      >
        <ul className={css.links}>
          <li>
            <a href="api/docs/">Routes to try out</a> <span className={css.quiet}>Swagger UI</span>
          </li>
          <li>
            <a href="api/redoc/">Routes to read</a> <span className={css.quiet}>ReDoc</span>
          </li>
          <li>
            <a href="api/schema/">The OpenAPI document</a>{' '}
            <span className={css.quiet}>for generators of clients</span>
          </li>
          <li>
            <Link to="/start">Ways to send lines</Link>
          </li>
          <li>
            <Link to="/settings/keys">API keys</Link>
          </li>
        </ul>
      </Section>
    </Page>
  );
}

function Examples({ examples }: { examples: Example[] }) {
  return examples.map(({ q, what }) => (
    <tr key={q}>
      <th scope="row" className={css.query}>
        <Link to="/explore" search={{ q } as never}>
          <code>{q}</code>
        </Link>
      </th>
      <td>{what}</td>
    </tr>
  ));
}

/** Those that count everywhere; pages have more. */
function Keys() {
  const all = useActions((state) => state.all).filter(({ keys }) => keys);
  const groups = [...Map.groupBy(all, ({ group }) => group)];
  return (
    <Section
      title="Keys"
      about="These count everywhere. Pages such as Explore have more: ? shows all that count where you are."
    >
      <Table label="Keys that count everywhere" columns={['Keys', 'What they do']}>
        {groups.map(([group, actions]) => (
          <Fragment key={group}>
            <tr>
              <th scope="rowgroup" colSpan={2} className={css.group}>
                {group}
              </th>
            </tr>
            {actions.map(({ title, keys }) => (
              <tr key={title}>
                <td className={css.keys}>
                  <kbd>{shownKeys(keys ?? '')}</kbd>
                </td>
                <td>{title}</td>
              </tr>
            ))}
          </Fragment>
        ))}
      </Table>
    </Section>
  );
}
