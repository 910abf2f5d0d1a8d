/** A tenant with something to see, and all places where one can see it. */
import { sendLines } from './browser';

/** Behind the login; the name is that of a picture. */
export const PLACES: [name: string, path: string][] = [
  ['home', '/'],
  ['explore', '/explore'],
  ['explore-query', '/explore?q=level%3Aerror%20and%20service%3Acheckout&from=now-1h'],
  ['explore-table', '/explore?q=*%20%7C%20stats%20count()%20by%20service&from=now-1h'],
  ['explore-nothing', '/explore?q=nowhere&from=now-1h'],
  ['explore-wrong', '/explore?q=level%3A(error&from=now-1h'],
  ['patterns', '/patterns'],
  ['uploads', '/uploads'],
  ['start', '/start'],
  ['jobs', '/jobs'],
  ['dead-letters', '/dead-letters'],
  ['help', '/help'],
  ['settings-profile', '/settings/profile'],
  ['settings-security', '/settings/security'],
  ['settings-keys', '/settings/keys'],
  ['settings-members', '/settings/members'],
  ['settings-quota', '/settings/quota'],
  ['settings-retention', '/settings/retention'],
  ['settings-audit', '/settings/audit'],
];

export const DOORS: [name: string, path: string][] = [
  ['login', '/login'],
  ['register', '/register'],
  ['accept-invitation', '/accept-invitation?token=none'],
  ['verify-email', '/verify-email?token=none'],
  ['reset-password', '/reset-password'],
];

const SERVICES = ['checkout', 'catalogue', 'gateway', 'search'];
const LEVELS = ['info', 'info', 'info', 'info', 'debug', 'info', 'warning', 'error'];

/** Lines of the last quarter of an hour, the same for every run but for their times. */
export function lines(count = 600): object[] {
  const now = Date.now();
  return Array.from({ length: count }, (_, at) => {
    const level = LEVELS[(at * 7) % LEVELS.length];
    const service = SERVICES[(at * 5 + Math.floor(at / 8)) % SERVICES.length];
    return {
      timestamp: new Date(now - (count - at) * (840_000 / count)).toISOString(),
      level,
      service,
      host: `web-${at % 3}`,
      trace_id: `trace-${Math.floor(at / 4)}`,
      message: message(level, at),
      http: { status: level === 'error' ? 502 : 200, duration_ms: (at * 37) % 900 },
    };
  });
}

function message(level: string | undefined, at: number): string {
  if (level === 'error') return `payment ${8000 + at} refused by gateway: timeout after 3000 ms`;
  if (level === 'warning') return `retry ${at % 3} of 3 for payment ${8000 + at}`;
  return `order ${4000 + at} placed in ${(at * 13) % 400} ms`;
}

export async function fill(url: string, token: string, count?: number): Promise<void> {
  await sendLines(url, token, lines(count));
}
