/** What is known of a file, and what was wrong with its lines. */
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Upload } from '../api/schema';
import { useMe } from '../app/session';
import { Moment } from '../design/moment';
import { bytes, duration, exact } from '../design/numbers';
import { Section, Table } from '../design/page';
import { readable } from '../design/readable';
import { isOpen, State } from '../jobs/state';
import css from './file.module.css';
import { stateOf, wordOf } from './stages';

export function Facts({ upload }: { upload: Upload }) {
  const me = useMe();
  const { created_at, processing_time, estimated_entries, metadata } = upload;
  const said = Object.entries(metadata).filter(([name, value]) => name !== 'source' && value !== '');
  const facts: [string, ReactNode][] = [
    [
      'State',
      <State
        key="state"
        state={stateOf(upload.status)}
        word={wordOf(upload.status)}
        progress={upload.progress}
        label={`How much of ${upload.file_name} was read`}
      />,
    ],
    [
      'Lines',
      `${exact(upload.log_count)}${isOpen(stateOf(upload.status)) && estimated_entries ? ` of about ${exact(estimated_entries)}` : ''}`,
    ],
    ['Not taken', upload.failed_count > 0 ? <NotTaken key="not" upload={upload} /> : null],
    [
      'Size',
      <span key="size" title={`${exact(upload.file_size)} bytes`}>
        {bytes(upload.file_size)}
      </span>,
    ],
    ['Format', upload.format_type],
    ['Read as', said.map(([name, value]) => `${name}: ${value}`).join(', ')],
    ['Source', upload.source],
    ['Service', upload.service_name],
    ['Environment', upload.environment],
    ['Tags', upload.tags.join(', ')],
    ['Description', upload.description],
    [
      'Sent',
      <span key="sent">
        <Moment at={created_at} />
        {upload.user_id === me?.id ? ' by you' : ''}
      </span>,
    ],
    ['Read in', processing_time === null ? null : duration(Math.max(processing_time * 1000, 1))],
  ];
  return (
    <dl className={css.facts}>
      {facts
        .filter(([, value]) => value !== null && value !== '')
        .map(([name, value]) => (
          <div key={name} className={css.fact}>
            <dt>{name}</dt>
            <dd>{typeof value === 'string' ? <bdi>{readable(value)}</bdi> : value}</dd>
          </div>
        ))}
    </dl>
  );
}

function NotTaken({ upload: { failed_count, file_name } }: { upload: Upload }) {
  return (
    <Link {...({ to: '/dead-letters', search: { origin: file_name } } as never as { to: '/dead-letters' })}>
      {exact(failed_count)} {failed_count === 1 ? 'dead letter' : 'dead letters'}
    </Link>
  );
}

export function Problems({ upload: { errors } }: { upload: Upload }) {
  if (errors.length === 0) return null;
  return (
    <Section
      title="What was wrong"
      about={
        errors.length >= 100
          ? 'The first 100 places. Lines that could be kept as text were kept.'
          : 'Lines that could be kept as text were kept.'
      }
    >
      <div className={css.problems}>
        <Table columns={['Line', 'What', 'Code']} label="What was wrong, by line">
          {errors.map(({ line, code, message }, at) => (
            <tr key={at}>
              <td>{exact(line)}</td>
              <td className={css.wide}>
                <bdi>{readable(message)}</bdi>
              </td>
              <td>
                <code>{code}</code>
              </td>
            </tr>
          ))}
        </Table>
      </div>
    </Section>
  );
}
