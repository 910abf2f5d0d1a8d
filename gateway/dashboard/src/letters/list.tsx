/** The letters by reason and origin, and what is done with many of them at once. */
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { DeadLetter } from '../api/schema';
import { type Go, linkTo, pageOf, type Search } from '../app/address';
import { Button, Check, Choice } from '../design/controls';
import { Moment } from '../design/moment';
import { exact } from '../design/numbers';
import { Page, Table } from '../design/page';
import { Empty, Failed, Note, sentence, Waiting } from '../design/states';
import { Paging } from '../uploads/paging';
import { Settling } from '../uploads/settling';
import { counted, fits, isFilter, number, originOf, SINCE } from './filter';
import { From } from './from';
import { useLetters } from './gathered';
import css from './letters.module.css';
import { Many, Rest, type Shown } from './many_letters';
import { Raw } from './raw';

const SIZE = 50;

interface ListProps {
  search: Search;
  go: Go;
}

export function LetterList({ search, go }: ListProps) {
  const gathered = useLetters();
  const { letters, total } = gathered;
  const found = letters.filter((letter) => fits(letter, search));
  const isFiltered = isFilter(search);
  const [chosen, onChoose] = useState<ReadonlySet<string>>(new Set());
  const shown: Shown = { found, total, isFiltered, search, chosen, onChoose };
  return (
    <Page
      title="Dead letters"
      actions={
        <Button disabled={gathered.isFetching} onClick={() => void gathered.refetch()}>
          Refresh
        </Button>
      }
    >
      <p className={css.quiet}>
        Lines that were rejected and events that could not be taken are kept here until they are sent again or
        dropped.
      </p>
      {gathered.isError && letters.length === 0 ? (
        <Failed
          what="The letters could not be loaded"
          error={gathered.error}
          onRetry={() => void gathered.refetch()}
        />
      ) : gathered.isPending ? (
        <Waiting what="Loading the letters" />
      ) : total === 0 ? (
        <Empty title="There is no dead letter">
          Every line that was sent was taken, or its letter was dealt with.
        </Empty>
      ) : (
        <>
          <Filters letters={letters} search={search} go={go} />
          {gathered.isRefetchError && (
            <Note kind="error">What is shown may be old: {sentence(gathered.error)}</Note>
          )}
          <Rest gathered={gathered} isFiltered={isFiltered} />
          <Many {...shown} isWhole={!gathered.hasNextPage} />
          <Letters {...shown} />
        </>
      )}
    </Page>
  );
}

function Filters({ letters, search, go }: ListProps & { letters: DeadLetter[] }) {
  const of = (without: 'code' | 'origin') =>
    letters.filter((letter) => fits(letter, { ...search, [without]: undefined }));
  const choice = (name: 'code' | 'origin', label: string, value: (letter: DeadLetter) => string) => {
    const counts = counted(of(name), value).filter(([text]) => text !== '');
    const chosen = search[name];
    if (chosen && !counts.some(([text]) => text === chosen)) counts.push([chosen, 0]);
    return (
      <Choice
        label={label}
        value={chosen ?? ''}
        onChange={({ target }) => go({ [name]: target.value, page: undefined })}
      >
        <option value="">All</option>
        {counts.map(([text, count]) => (
          <option key={text} value={text}>
            {text} ({exact(count)})
          </option>
        ))}
      </Choice>
    );
  };
  return (
    <search className={css.filters}>
      {choice('code', 'Reason', ({ code }) => code)}
      {choice('origin', 'From', originOf)}
      <Choice
        label="Set aside"
        value={search.since ?? ''}
        onChange={({ target }) => go({ since: target.value, page: undefined })}
      >
        <option value="">Any time</option>
        {SINCE.map(([value, title]) => (
          <option key={value} value={value}>
            {title}
          </option>
        ))}
      </Choice>
      <Settling
        label="Text has"
        type="search"
        said={search.text ?? ''}
        onSay={(text) => go({ text, page: undefined }, true)}
      />
    </search>
  );
}

function Letters({ found, search, isFiltered, total, chosen, onChoose }: Shown) {
  const toggle = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    onChoose(next);
  };
  const page = Math.min(pageOf(search.page), Math.max(Math.ceil(found.length / SIZE), 1));
  if (found.length === 0)
    return (
      <Empty title="No letter fits the filter">
        <Link
          {...linkTo(search, {
            code: undefined,
            origin: undefined,
            text: undefined,
            since: undefined,
            page: undefined,
          })}
        >
          Show all {isFiltered && number(total)}
        </Link>
      </Empty>
    );
  return (
    <>
      <Table columns={['Choose', 'Letter', 'When', 'Why', 'From', 'What came']} label="List of dead letters">
        {found.slice((page - 1) * SIZE, page * SIZE).map((letter) => (
          <tr key={letter.id}>
            <td>
              <Check
                label={<span className="unseen">Letter {letter.id}</span>}
                checked={chosen.has(letter.id)}
                onChange={() => toggle(letter.id)}
              />
            </td>
            <td className={css.number}>
              <Link {...linkTo(search, { letter: letter.id })}>{letter.id}</Link>
            </td>
            <td className={css.number}>
              <Moment at={letter.at} />
            </td>
            <td className={css.why}>
              <bdi>{letter.message}</bdi> <code className={css.quiet}>{letter.code}</code>
            </td>
            <td className={css.from}>
              <From letter={letter} />
            </td>
            <td className={css.came}>
              <Raw letter={letter} charsMax={160} />
            </td>
          </tr>
        ))}
      </Table>
      <Paging page={page} size={SIZE} total={found.length} search={search} what="letters" />
    </>
  );
}
