/**
 * What is said above rows that are not the whole answer: that another is awaited, was stopped, or that more did not come.
 *
 * Invariant: it lies on the rows and moves none of them.
 */
import { Button } from '../design/controls';
import { useSeconds } from '../design/seconds';
import { sentence } from '../design/states';
import css from './page.module.css';
import { problemOf } from './problem';
import type { Found } from './rows/found';

export function Progress({ found }: { found: Found }) {
  const { isOld, isWaiting, error, answer, count } = found;
  const isAwaited = isWaiting && (isOld || !answer);
  const seconds = useSeconds(isAwaited);
  if (isAwaited) {
    if (seconds === 0) return null;
    return (
      <div className={css.progress} role="status">
        <span>Searching … {seconds} s</span>
        <Button onClick={found.cancel}>Cancel</Button>
      </div>
    );
  }
  if (isWaiting || problemOf(error)) return null;
  if (error) {
    return (
      <div className={css.progress} role="alert">
        <span>
          {count > 0 ? 'More lines could not be read' : 'The search failed'}: {sentence(error)}
        </span>
        <Button onClick={found.retry}>Try again</Button>
      </div>
    );
  }
  if (answer && !isOld) return null;
  return (
    <div className={css.progress} role="status">
      <span>The search was stopped{isOld && '; these lines are of the one before'}.</span>
      <Button onClick={found.retry}>Search again</Button>
    </div>
  );
}
