/** A line for a shell that uses a key for the first thing it may do. Invariant: nothing in it ends its quotes. */
import { quoted } from '../../api/shell';
import type { Scope } from '../../app/roles';

/** The fields by which a line is filed under a stream that the patterns reach; none if that cannot be said. */
export function fieldsOf(patterns: readonly string[]): Record<string, string> | null {
  if (patterns.length === 0 || patterns.includes('*')) return {};
  for (const pattern of patterns) {
    const stars = pattern.startsWith('*') ? ['logs-test', 'logs-test-test'] : ['test', 'test-test'];
    for (const star of stars) {
      const parts = pattern.replaceAll('*', star).split('-');
      const [type, dataset, namespace] = parts;
      if (parts.length === 3 && type && dataset && namespace)
        return {
          'data_stream.type': type,
          'data_stream.dataset': dataset,
          'data_stream.namespace': namespace,
        };
    }
  }
  return null;
}

export function command(
  server: string,
  key: string,
  scopes: readonly Scope[],
  streams: readonly string[],
): string {
  const head = `-H ${quoted(`Authorization: Bearer ${key}`)}`;
  const at = (path: string) => quoted(new URL(path, server).toString());
  if (scopes.includes('ingest')) {
    const line = JSON.stringify({ message: 'hello', ...fieldsOf(streams) });
    return `curl ${head} -H 'Content-Type: application/json' -d ${quoted(line)} ${at('api/logs/')}`;
  }
  if (scopes.includes('read')) return `curl ${head} ${at('api/logs/?size=1')}`;
  if (scopes.includes('audit')) return `curl ${head} ${at('api/audit/?size=1')}`;
  if (scopes.includes('admin')) return `curl ${head} ${at('api/tenant/users/')}`;
  return `curl -X DELETE ${head} ${at('api/logs/dead-letters/ID/')}`;
}
