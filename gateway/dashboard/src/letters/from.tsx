/** Where a letter is from. */
import type { DeadLetter } from '../api/schema';
import { exact } from '../design/numbers';

export function From({ letter: { protocol, origin, line, projection, event } }: { letter: DeadLetter }) {
  if (event !== null)
    return (
      <>
        <bdi>{projection}</bdi>, event <code>{event}</code>
      </>
    );
  return (
    <>
      {protocol} <bdi>{origin}</bdi>
      {line !== null && `, line ${exact(line)}`}
    </>
  );
}
