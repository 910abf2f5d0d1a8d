/** The frame of the settings: all their pages at the side, the one that is shown beside them. */
import { Link, useLocation } from '@tanstack/react-router';
import { type ReactNode, useEffect, useRef } from 'react';
import { SETTINGS } from '../app/places';
import { Page } from '../design/page';
import css from './frame.module.css';

interface SettingsProps {
  title: string;
  actions?: ReactNode;
  children: ReactNode;
}

export function Settings({ title, actions, children }: SettingsProps) {
  return (
    <div className={css.frame}>
      <Places />
      <Page title={title} actions={actions}>
        {children}
      </Page>
    </div>
  );
}

function Places() {
  const ref = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page has another link in sight
  useEffect(() => {
    const link = ref.current?.querySelector<HTMLElement>('[aria-current="page"]');
    // Of the row on a phone only; the page itself stays where it is.
    if (link && ref.current) ref.current.scrollLeft = link.offsetLeft - ref.current.offsetLeft - 16;
  }, [pathname]);
  return (
    <nav ref={ref} className={css.places} aria-label="Settings">
      {SETTINGS.map(({ to, title }) => (
        <Link key={to} to={to} className={css.place} activeProps={{ 'aria-current': 'page' }}>
          {title}
        </Link>
      ))}
    </nav>
  );
}
