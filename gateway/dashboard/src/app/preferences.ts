/** How this browser likes to see things. The one store that is neither the address nor the server. */
import { create } from 'zustand';
import { persist } from 'zustand/middleware';

export interface Preferences {
  theme: 'system' | 'light' | 'dark';
  density: 'compact' | 'comfortable';
  zone: 'local' | 'utc';
  wrap: boolean;
  /** Of the lines, in their order; the widths in pixels. */
  columns: string[];
  widths: Record<string, number>;
  /** How many columns stay in sight, from the left. */
  pinned: number;
  fieldsOpen: boolean;
  notices: { browser: boolean; sound: boolean; badge: boolean };
}

export const usePreferences = create<Preferences>()(
  persist(
    (): Preferences => ({
      theme: 'system',
      density: 'compact',
      zone: 'local',
      wrap: false,
      columns: ['timestamp', 'level', 'service', 'message'],
      widths: {},
      pinned: 0,
      // On a phone they would hide the lines.
      fieldsOpen: innerWidth > 900,
      notices: { browser: false, sound: false, badge: true },
    }),
    { name: 'antler.preferences', version: 1 },
  ),
);

export function prefer(change: Partial<Preferences>) {
  usePreferences.setState(change);
}

/** Keeps what the page looks like in step with what is preferred. */
export function applyPreferences() {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const apply = () => {
    const { theme, density } = usePreferences.getState();
    const isDark = theme === 'dark' || (theme === 'system' && dark.matches);
    document.documentElement.dataset.theme = isDark ? 'dark' : 'light';
    document.documentElement.dataset.density = density;
  };
  dark.addEventListener('change', apply);
  usePreferences.subscribe(apply);
  apply();
}
