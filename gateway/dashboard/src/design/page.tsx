/** The frame of a page that is read from top to bottom: title, sections, tables. */
import { type ReactNode, useEffect } from 'react';
import css from './page.module.css';

interface PageProps {
  title: string;
  /** Beside the title. */
  actions?: ReactNode;
  children: ReactNode;
}

export function Page({ title, actions, children }: PageProps) {
  useTitle(title);
  return (
    <div className={css.page}>
      <div className={css.head}>
        <h1>{title}</h1>
        {actions}
      </div>
      {children}
    </div>
  );
}

const shown = { title: '', badge: 0 };

export function useTitle(title: string) {
  useEffect(() => show({ title }), [title]);
}

/** A number before the title of the tab; none for 0. */
export function setBadge(badge: number) {
  show({ badge });
}

function show(change: Partial<typeof shown>) {
  Object.assign(shown, change);
  const { title, badge } = shown;
  document.title = `${badge > 0 ? `(${badge}) ` : ''}${title && `${title} · `}Antler`;
}

/** Begins to be read at its top, also by those who do not see: for what takes the place of a list. */
export function useTop() {
  useEffect(() => {
    const main = document.getElementById('main');
    main?.scrollTo(0, 0);
    main?.focus({ preventScroll: true });
  }, []);
}

export function Section({
  title,
  about,
  children,
}: {
  title: string;
  about?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className={css.section} aria-label={title}>
      <h2>{title}</h2>
      {about && <p className={css.quiet}>{about}</p>}
      {children}
    </section>
  );
}

interface TableProps {
  columns: ReactNode[];
  /** The name of one more column, for those who do not see that it needs none. */
  last?: string;
  label: string;
  children: ReactNode;
}

/** Columns with names; wide ones scroll in their own frame. */
export function Table({ columns, last, label, children }: TableProps) {
  const names = last
    ? [
        ...columns,
        <span key="last" className="unseen">
          {last}
        </span>,
      ]
    : columns;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys
    <section className={css.scroll} aria-label={label} tabIndex={0}>
      <table className={css.table}>
        <thead>
          <tr>
            {names.map((name, at) => (
              <th key={at} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}
