/** A line that this browser sends, so that somebody sees one arrive. */
import { ask } from '../api/client';

export function sendTestLine(): Promise<unknown> {
  return ask('POST /api/logs', {
    body: {
      timestamp: new Date().toISOString(),
      level: 'info',
      service: 'browser',
      message: 'a test line from the page Send logs',
    },
  });
}
