/**
 * How the server is, and how long it takes to say so.
 *
 * Invariant: a server that is ill and says so has answered: that is no failure.
 */
import { queryOptions } from '@tanstack/react-query';
import { address, Failure, failure } from '../api/client';
import type { Health } from '../api/schema';

export interface Examined extends Health {
  /** There and back, in milliseconds. */
  tookMs: number;
}

export const HEALTH_EVERY_MS = 30_000;

export const health = queryOptions({
  queryKey: ['GET /health'],
  queryFn: async ({ signal }): Promise<Examined> => {
    const began = performance.now();
    const response = await answered(signal);
    const tookMs = performance.now() - began;
    const isHealth =
      response.headers.get('content-type')?.includes('json') && [200, 503].includes(response.status);
    const body = isHealth ? ((await response.clone().json()) as Partial<Health>) : {};
    if (!body.dependencies) throw await failure(response);
    return { ...(body as Health), tookMs };
  },
});

async function answered(signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(address('/health'), { signal });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Failure(0, 'unreachable', 'The server does not answer.');
  }
}

/** Parts in their order: what is not well comes first. */
export function parts(health: Health): { name: string; status: string; latencyMs: number; detail: string }[] {
  const order = ['unhealthy', 'degraded', 'ok', 'skipped'];
  return Object.entries(health.dependencies)
    .map(([name, { status, latency_ms, detail }]) => ({ name, status, latencyMs: latency_ms, detail }))
    .sort(
      (one, other) =>
        order.indexOf(one.status) - order.indexOf(other.status) || one.name.localeCompare(other.name),
    );
}
