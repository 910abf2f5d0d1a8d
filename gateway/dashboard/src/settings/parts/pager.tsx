/** Which part of a list is shown, and the way to the others. Nothing of it where a list is all there. */

import { useAddress } from '../../app/address';
import { Button } from '../../design/controls';
import { exact } from '../../design/numbers';
import css from './parts.module.css';

interface PagerProps {
  list: { results: unknown[]; total: number; page: number; size: number };
  /** What is listed: "keys". */
  what: string;
  /** Under which name the page stands in the address. */
  name?: string;
}

export function Pager({ list: { results, total, page, size }, what, name = 'page' }: PagerProps) {
  const [, go] = useAddress();
  if (page === 1 && total <= size) return null;
  const first = (page - 1) * size + 1;
  const to = (other: number) => go({ [name]: other === 1 ? undefined : String(other) });
  return (
    <nav className={css.row} aria-label={`Pages of ${what}`}>
      <Button disabled={page === 1} onClick={() => to(page - 1)}>
        Before
      </Button>
      <span>
        {results.length === 0
          ? `Page ${exact(page)} is behind the last of ${exact(total)} ${what}`
          : `${exact(first)}–${exact(first + results.length - 1)} of ${exact(total)} ${what}`}
      </span>
      <Button disabled={first + size > total} onClick={() => to(page + 1)}>
        Next
      </Button>
    </nav>
  );
}
