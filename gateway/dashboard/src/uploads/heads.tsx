/** The head of a column that has a name for those only who do not see it. It stays within a frame that scrolls. */
import css from './paging.module.css';

export function HiddenHead({ name }: { name: string }) {
  return (
    <span className={css.head}>
      <span className="unseen">{name}</span>
    </span>
  );
}
