/** An answer of the server with its states. Invariant: what is shown while asking again fails is said to be old. */
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Button } from '../../design/controls';
import { Moment } from '../../design/moment';
import { Empty, Failed, Note, sentence, Waiting } from '../../design/states';

interface AnsweredProps<T> {
  query: UseQueryResult<T, Error>;
  /** What is asked for, with a capital: "The keys". */
  what: string;
  children: (answer: T) => ReactNode;
}

export function Answered<T>({ query, what, children }: AnsweredProps<T>) {
  const { data, error, refetch, dataUpdatedAt } = query;
  if (data === undefined) {
    return error ? (
      <Failed what={`${what} could not be loaded`} error={error} onRetry={() => void refetch()} />
    ) : (
      <Waiting />
    );
  }
  return (
    <>
      {error && (
        <Note kind="error">
          <span>
            This is from <Moment at={new Date(dataUpdatedAt).toISOString()} />. {sentence(error)}
          </span>
          <Button onClick={() => void refetch()}>Try again</Button>
        </Note>
      )}
      {children(data)}
    </>
  );
}

/** In place of what the role of the person does not let do. */
export function NotYours({ what, who }: { what: string; who: string }) {
  return (
    <Empty title={what}>
      Your role does not include this. {who} can do it for you, or give you another role.
    </Empty>
  );
}
