/** The frame around every page: where one is, where one can go, who one is. */
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { Button } from '../design/controls';
import { Menu } from '../design/menu';
import { Bell } from '../notices/bell';
import { useNotices } from '../notices/watch';
import { type Action, useOffer } from './actions';
import { LogInAgain } from './again';
import { useKeptFocus } from './focus';
import { shownKeys, useKeys } from './keys';
import { KeysShown, Palette } from './palette';
import { PLACES, SETTINGS } from './places';
import { type Preferences, prefer, usePreferences } from './preferences';
import { logOut, useMe } from './session';
import css from './shell.module.css';
import { Toasts } from './toasts';

export function Shell() {
  const me = useMe();
  const navigate = useNavigate();
  const [open, setOpen] = useState<'palette' | 'keys' | null>(null);
  const theme = usePreferences((state) => state.theme);
  const leave = async () => {
    await logOut();
    await navigate({ to: '/login' });
  };
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const href = useRouterState({ select: ({ location }) => location.href });
  // Whoever goes to a page is in it: keys and readers begin there.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the path is what it hears
  useEffect(() => document.getElementById('main')?.focus({ preventScroll: true }), [path]);
  useKeys();
  useKeptFocus();
  useNotices();
  useOffer([
    {
      title: 'Open the palette',
      keys: 'Mod+K',
      group: 'Everywhere',
      run: () => setOpen('palette'),
      whileTyping: true,
      hidden: true,
    },
    { title: 'Show the keys', keys: '?', group: 'Everywhere', run: () => setOpen('keys') },
    ...[...PLACES, ...SETTINGS].map(
      ({ to, title, keys }): Action => ({
        title: `Go to ${title}`,
        ...(keys && { keys }),
        group: 'Go',
        run: () => void navigate({ to }),
      }),
    ),
    ...(['light', 'dark', 'system'] as const).map(
      (theme): Action => ({ title: `Theme: ${theme}`, group: 'Look', run: () => prefer({ theme }) }),
    ),
    ...(['compact', 'comfortable'] as const).map(
      (density): Action => ({ title: `Density: ${density}`, group: 'Look', run: () => prefer({ density }) }),
    ),
    ...(['local', 'utc'] as const).map(
      (zone): Action => ({
        title: `Times in ${zone === 'utc' ? 'UTC' : 'the local zone'}`,
        group: 'Look',
        run: () => prefer({ zone }),
      }),
    ),
    { title: 'Log out', group: 'Account', run: () => void leave() },
  ]);
  return (
    <div className={css.shell}>
      <a className={css.skip} href={`${href}#main`} onClick={toMain}>
        Skip to the content
      </a>
      <header className={css.bar}>
        <Link to="/" className={css.name}>
          Antler
        </Link>
        {me && <span className={css.tenant}>{me.tenant.name}</span>}
        <nav className={css.places} aria-label="Pages">
          {PLACES.filter((place) => !place.aside).map(({ to, title }) => (
            <Link
              key={to}
              to={to}
              className={css.place}
              activeProps={{ 'aria-current': 'page' }}
              activeOptions={{ exact: to === '/' }}
            >
              {title}
            </Link>
          ))}
        </nav>
        <span className={css.room} />
        <Button
          kind="plain"
          className={css.wide}
          onClick={() => setOpen('palette')}
          aria-label={`${shownKeys('Mod+K')}: open the palette`}
        >
          <kbd>{shownKeys('Mod+K')}</kbd>
        </Button>
        <Bell />
        <Button
          kind="plain"
          className={css.wide}
          onClick={() => prefer({ theme: next(theme) })}
          aria-label={`Theme: ${theme}. Change it`}
          title={`Theme: ${theme}`}
        >
          <span aria-hidden>◐</span>
        </Button>
        <Menu
          trigger={<Button kind="plain">{me?.username ?? '…'} ▾</Button>}
          items={[
            ...[...PLACES.filter((place) => place.aside), ...SETTINGS].map(({ to, title }) => ({
              title,
              run: () => void navigate({ to }),
            })),
            { title: 'Go to or do', keys: shownKeys('Mod+K'), run: () => setOpen('palette') },
            { title: 'Keys', keys: '?', run: () => setOpen('keys') },
            { title: 'Log out', run: () => void leave() },
          ]}
        />
      </header>
      <main id="main" className={css.main} tabIndex={-1}>
        <Outlet />
      </main>
      <Toasts />
      <LogInAgain />
      {open === 'palette' && <Palette onClose={() => setOpen(null)} />}
      {open === 'keys' && <KeysShown onClose={() => setOpen(null)} />}
    </div>
  );
}

function toMain(event: React.MouseEvent) {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

function next(theme: Preferences['theme']): Preferences['theme'] {
  return theme === 'system' ? 'light' : theme === 'light' ? 'dark' : 'system';
}
