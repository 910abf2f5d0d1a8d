/**
 * Every address of the pages.
 *
 * Invariant: a page is loaded when it is gone to, and what is behind the shell is for who is logged in. What an address
 * holds behind `?` is read by its page. The older names of pages lead to the new ones.
 */
import { QueryClientProvider } from '@tanstack/react-query';
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  RouterProvider,
  redirect,
} from '@tanstack/react-router';
import { answers } from '../api/questions';
import { Empty, Failed, Waiting } from '../design/states';
import { known } from './session';
import { Shell } from './shell';

const root = createRootRoute({
  notFoundComponent: () => (
    <Empty title="There is no page here">
      Its address may be mistyped. The palette (Ctrl+K) knows all pages.
    </Empty>
  ),
});

/** Behind the login. */
const inside = createRoute({
  getParentRoute: () => root,
  id: 'inside',
  component: Shell,
  beforeLoad: async ({ location, cause }) => {
    // Whoever is inside is asked in place, so that nothing typed is lost.
    if (cause === 'stay') return;
    if (!(await known())) throw redirect({ to: '/login', search: { next: location.href } });
  },
});

type Loaded = () => Promise<{ default: React.ComponentType }>;

function page(path: string, load: Loaded) {
  return createRoute({ getParentRoute: () => inside, path, component: lazyRouteComponent(load) });
}

/** For whoever is not logged in. */
function door(path: string, load: Loaded) {
  return createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(load) });
}

function alias(path: string, to: string, search: Record<string, unknown> = {}) {
  return createRoute({
    getParentRoute: () => root,
    path,
    beforeLoad: ({ search: given }) => {
      throw redirect({ to, search: { ...given, ...search }, replace: true } as never);
    },
  });
}

const tree = root.addChildren([
  inside.addChildren([
    page('/', () => import('../home/page')),
    page('/explore', () => import('../explore/page')),
    page('/patterns', () => import('../patterns/page')),
    page('/uploads', () => import('../uploads/page')),
    page('/start', () => import('../start/page')),
    page('/jobs', () => import('../jobs/page')),
    page('/dead-letters', () => import('../letters/page')),
    page('/help', () => import('../help/page')),
    page('/settings/profile', () => import('../settings/profile')),
    page('/settings/security', () => import('../settings/security')),
    page('/settings/keys', () => import('../settings/keys')),
    page('/settings/members', () => import('../settings/members')),
    page('/settings/quota', () => import('../settings/quota')),
    page('/settings/retention', () => import('../settings/retention')),
    page('/settings/audit', () => import('../settings/audit')),
  ]),
  door('/login', () => import('../accounts/login')),
  door('/register', () => import('../accounts/register')),
  door('/accept-invitation', () => import('../accounts/invitation')),
  door('/verify-email', () => import('../accounts/verification')),
  door('/reset-password', () => import('../accounts/reset')),
  alias('/dashboard', '/'),
  alias('/dashboard/upload', '/uploads'),
  alias('/dashboard/search', '/explore'),
  alias('/dashboard/live-logs', '/explore', { live: '1' }),
  alias('/settings', '/settings/profile'),
  alias('/dashboard/settings', '/settings/profile'),
  alias('/dashboard/settings/profile', '/settings/profile'),
  alias('/dashboard/settings/security', '/settings/security'),
  alias('/dashboard/settings/api-keys', '/settings/keys'),
]);

function written(search: Record<string, unknown>): string {
  const said = Object.entries(search).filter(([, value]) => value !== undefined && value !== '');
  const text = new URLSearchParams(said.map(([name, value]) => [name, String(value)])).toString();
  return text && `?${text}`;
}

/** The part of a site that this server has. */
const basepath = new URL(document.baseURI).pathname.replace(/\/$/, '');

const router = createRouter({
  routeTree: tree,
  basepath: basepath || '/',
  defaultPreload: 'intent',
  scrollRestoration: true,
  scrollToTopSelectors: ['#main'],
  // What stands behind `?` is text, as others write it, too.
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => written(search),
  defaultPendingComponent: () => <Waiting />,
  defaultErrorComponent: ({ error, reset }) => (
    <Failed what="This page could not be shown" error={error} onRetry={reset} />
  ),
});

export function App() {
  return (
    <QueryClientProvider client={answers}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  );
}
