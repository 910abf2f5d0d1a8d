/**
 * What is exported, as an address and as a command.
 *
 * Invariant: the command asks the same as the address; it holds no secret, and a shell reads every value as text.
 */
import { addressOf } from '../../api/client';
import { quoted } from '../../api/shell';

export type Format = 'csv' | 'json' | 'ndjson' | 'txt';

export interface Exported {
  q: string;
  span: { from: Date; to: Date; isLive: boolean };
  columns: string[];
}

/** `columns` for those that are shown, none for all fields. */
export function exportQuery({ q, span, columns }: Exported, format: Format, isWhole = false) {
  const isTable = format === 'csv' || format === 'txt';
  return {
    format,
    q: q || undefined,
    from: span.from.toISOString(),
    to: span.isLive ? undefined : span.to.toISOString(),
    columns: !isTable ? undefined : isWhole ? '*' : columns.join(',') || undefined,
  };
}

export function exportAddress(exported: Exported, format: Format, isWhole = false): string {
  return addressOf('GET /api/logs/export', { query: exportQuery(exported, format, isWhole) });
}

/** The key comes from the environment of whoever runs it. */
export function curlOf(exported: Exported): string {
  const asked = Object.entries(exportQuery(exported, 'ndjson')).filter(([, value]) => value !== undefined);
  const options = asked.map(([name, value]) => `--data-urlencode ${quoted(`${name}=${value}`)}`);
  const url = addressOf('GET /api/logs/export');
  return [
    'curl -sS --fail-with-body --get -H "Authorization: Bearer $ANTLER_TOKEN"',
    ...options,
    quoted(url),
  ].join(' \\\n  ');
}
