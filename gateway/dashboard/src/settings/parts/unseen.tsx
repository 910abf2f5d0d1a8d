/** A name for those who hear the page. Invariant: it stays within what scrolls, so that it widens no page. */
import css from './parts.module.css';

export function Unseen({ children }: { children: string }) {
  return (
    <span className={css.hold}>
      <span className="unseen">{children}</span>
    </span>
  );
}
