/** Which part of a list is shown, and the ways to the parts before and after it. */
import { Link } from '@tanstack/react-router';
import { linkTo, type Search } from '../app/address';
import { buttonClass } from '../design/controls';
import { exact } from '../design/numbers';
import css from './paging.module.css';

interface PagingProps {
  page: number;
  size: number;
  total: number;
  search: Search;
  /** What is counted, in the plural. */
  what: string;
  /** The name of the page in the address. */
  name?: string;
}

export function Paging({ page, size, total, search, what, name = 'page' }: PagingProps) {
  const first = (page - 1) * size + 1;
  const last = Math.min(page * size, total);
  const counted = () => {
    if (total === 1) return `1 ${what.replace(/s$/, '')}`;
    if (total <= size || first > total) return `${exact(total)} ${what}`;
    return `${exact(first)} - ${exact(last)} of ${exact(total)} ${what}`;
  };
  return (
    <nav className={css.paging} aria-label={`Parts of the ${what}`}>
      <span className={css.count}>{counted()}</span>
      {page > 1 && (
        <Link
          className={buttonClass}
          {...linkTo(search, { [name]: page > 2 ? String(page - 1) : undefined })}
        >
          Previous
        </Link>
      )}
      {last < total && (
        <Link className={buttonClass} {...linkTo(search, { [name]: String(page + 1) })}>
          Next
        </Link>
      )}
    </nav>
  );
}
