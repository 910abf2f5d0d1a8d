/** The pages that can be gone to, in their order. To add one: a line here, and its route in `routes.tsx`. */

export interface Place {
  to: string;
  title: string;
  keys?: string;
  /** In the menu of the person rather than in the bar. */
  aside?: boolean;
}

export const PLACES: Place[] = [
  { to: '/', title: 'Home', keys: 'g h' },
  { to: '/explore', title: 'Explore', keys: 'g e' },
  { to: '/patterns', title: 'Patterns', keys: 'g p' },
  { to: '/uploads', title: 'Uploads', keys: 'Mod+U' },
  { to: '/start', title: 'Send logs', keys: 'g s', aside: true },
  { to: '/jobs', title: 'Jobs', keys: 'g j', aside: true },
  { to: '/dead-letters', title: 'Dead letters', keys: 'g d', aside: true },
  { to: '/help', title: 'Help', aside: true },
];

export const SETTINGS: Place[] = [
  { to: '/settings/profile', title: 'Profile' },
  { to: '/settings/security', title: 'Security' },
  { to: '/settings/keys', title: 'API keys' },
  { to: '/settings/members', title: 'Members' },
  { to: '/settings/quota', title: 'Quota and use' },
  { to: '/settings/retention', title: 'Retention and data' },
  { to: '/settings/audit', title: 'Audit' },
];
