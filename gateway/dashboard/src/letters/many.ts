/**
 * Does the same with many letters, a few at a time.
 *
 * Invariant: each is done at most once; after what would fail for all the others too, nothing more is begun.
 */
import { Failure } from '../api/client';
import { exact } from '../design/numbers';

export interface Progress {
  done: number;
  /** Those that were refused, with why. */
  refused: { id: string; why: string }[];
  /** Why it did not go on. */
  stopped: Failure | null;
}

const LANES = 4;
const WHYS_MAX = 3;

/** What came of it, in one sentence: "17 sent again, 2 were refused: too deep (2)". */
export function outcome(done: string, { done: count, refused }: Progress): string {
  const kept =
    refused.length > 0 ? `, ${refused.length} ${refused.length === 1 ? 'was' : 'were'} refused` : '';
  const whys = new Map<string, number>();
  for (const { why } of refused) whys.set(why, (whys.get(why) ?? 0) + 1);
  const most = [...whys].sort(([, one], [, other]) => other - one);
  const said = most.slice(0, WHYS_MAX).map(([why, times]) => (times > 1 ? `${why} (${times})` : why));
  if (most.length > WHYS_MAX) said.push('…');
  return `${exact(count)} ${done}${kept}${said.length > 0 ? `: ${said.join('; ')}` : ''}`;
}

export async function doneWithAll(
  ids: readonly string[],
  act: (id: string) => Promise<unknown>,
  signal: AbortSignal,
  onProgress: (progress: Progress) => void,
): Promise<Progress> {
  const progress: Progress = { done: 0, refused: [], stopped: null };
  const left = ids.values();
  const lane = async () => {
    for (const id of left) {
      if (signal.aborted || progress.stopped) return;
      try {
        await act(id);
        progress.done += 1;
      } catch (error) {
        noted(progress, id, error);
      }
      onProgress({ ...progress });
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return progress;
}

function noted(progress: Progress, id: string, error: unknown) {
  const failure = error instanceof Failure ? error : new Failure(0, 'unknown', String(error));
  // Somebody else was faster: what was wanted is so.
  if (failure.status === 404) progress.done += 1;
  else if ([0, 401, 403, 429].includes(failure.status) || failure.status >= 500) progress.stopped = failure;
  else progress.refused.push({ id, why: failure.message });
}
