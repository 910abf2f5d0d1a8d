/**
 * Files on their way from this browser to the server, and what becomes of them there until they are read.
 *
 * It outlives the page, because a file goes on while one looks at something else; closing the window asks first. Invariant:
 * a file is here from when it is sent until it is dismissed. At most `LANES` are sent at once.
 */
import { create } from 'zustand';
import { ask, Failure } from '../api/client';
import { changed } from '../api/questions';
import type { UploadStatus } from '../api/schema';
import { isOpen } from '../jobs/state';
import { stageOf, stateOf } from './stages';
import { transferred } from './transfer';
import { formOf, said, type Values } from './values';

export type TransferState =
  | { name: 'waiting' }
  | { name: 'sending'; sent: number; beganAt: number }
  | { name: 'taken'; status: UploadStatus }
  /** `upload` if the server has the file. */
  | { name: 'failed'; error: unknown; upload?: string };

export interface Transfer {
  id: number;
  /** Who sends it; nobody else sees it, or sends it. */
  owner: string;
  file: File;
  values: Values;
  state: TransferState;
}

const LANES = 2;
const LOOK_MS = 800;
const LOOK_MAX_MS = 15_000;

export const useTransfers = create<{ all: Transfer[] }>(() => ({ all: [] }));
const aborts = new Map<number, AbortController>();
let last = 0;

export function send(owner: string, files: readonly File[], values: Values) {
  const added = files.map((file): Transfer => {
    last += 1;
    return { id: last, owner, file, values, state: { name: 'waiting' } };
  });
  useTransfers.setState(({ all }) => ({ all: [...all, ...added] }));
  next();
}

export function sendAgain(id: number) {
  change(id, { name: 'waiting' });
  next();
}

/** Takes it off the list; what is being sent is not sent on. What the server has, it keeps. */
export function dismiss(id: number) {
  aborts.get(id)?.abort();
  useTransfers.setState(({ all }) => ({ all: all.filter((one) => one.id !== id) }));
  next();
}

export function dismissEnded() {
  useTransfers.setState(({ all }) => ({ all: all.filter((one) => !hasEnded(one.state)) }));
}

/** Whether nothing more happens by itself, and it is no failure that waits for somebody. */
export function hasEnded(state: TransferState): boolean {
  return state.name === 'taken' && !isOpen(stateOf(stageOf(state.status)));
}

export async function cancelReading(id: number, upload: string) {
  change(id, {
    name: 'taken',
    status: await ask('POST /api/logs/upload/{id}/cancel', { path: { id: upload } }),
  });
  await told();
}

export async function readAgain(id: number, upload: string) {
  const status = await ask('POST /api/logs/upload/{id}/retry', { path: { id: upload } });
  change(id, { name: 'taken', status });
  await follow(id, upload);
}

/** Looks again after what made looking fail. */
export function lookAgain(id: number, upload: string) {
  return follow(id, upload);
}

function change(id: number, state: TransferState) {
  useTransfers.setState(({ all }) => ({ all: all.map((one) => (one.id === id ? { ...one, state } : one)) }));
}

function find(id: number): Transfer | undefined {
  return useTransfers.getState().all.find((one) => one.id === id);
}

function next() {
  const { all } = useTransfers.getState();
  const sending = all.filter(({ state }) => state.name === 'sending').length;
  for (const transfer of all.filter(({ state }) => state.name === 'waiting').slice(0, LANES - sending))
    void begin(transfer);
  watchWindow();
}

async function begin({ id, owner, file, values }: Transfer) {
  const abort = new AbortController();
  aborts.set(id, abort);
  const beganAt = performance.now();
  change(id, { name: 'sending', sent: 0, beganAt });
  try {
    const taken = await transferred({
      owner,
      form: formOf(file, file.name, said(values)),
      signal: abort.signal,
      onSent: (sent) => change(id, { name: 'sending', sent: Math.min(sent, file.size), beganAt }),
    });
    aborts.delete(id);
    next();
    void told();
    await follow(id, taken.upload_id);
  } catch (error) {
    change(id, { name: 'failed', error });
  } finally {
    aborts.delete(id);
    next();
  }
}

/** Asks how far the server is until it has ended. A server that is away is asked again later. */
async function follow(id: number, upload: string) {
  for (let wait = LOOK_MS; find(id); ) {
    try {
      const status = await ask('GET /api/logs/upload/status/{task}', { path: { task: upload } });
      change(id, { name: 'taken', status });
      if (!isOpen(stateOf(stageOf(status)))) return told();
      wait = LOOK_MS;
    } catch (error) {
      if (error instanceof Failure && error.status > 0 && error.status < 500)
        return change(id, { name: 'failed', error, upload });
      wait = Math.min(wait * 2, LOOK_MAX_MS);
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

/** Whatever shows files or lines has to look again. */
function told() {
  return changed(
    'GET /api/logs/metadata',
    'GET /api/logs/metadata/{id}',
    'GET /api/logs/metadata/recent',
    'GET /api/jobs',
    'GET /api/logs/dead-letters',
    'GET /api/logs/stats',
    'GET /api/logs/histogram',
  );
}

function watchWindow() {
  const isBusy = useTransfers
    .getState()
    .all.some(({ state }) => state.name === 'waiting' || state.name === 'sending');
  if (isBusy) window.addEventListener('beforeunload', hold);
  else window.removeEventListener('beforeunload', hold);
}

function hold(event: BeforeUnloadEvent) {
  event.preventDefault();
}

/** Forgets a file that was deleted from the server. */
export function dismissUpload(upload: string) {
  const isOf = ({ state }: Transfer) => state.name === 'taken' && state.status.upload_id === upload;
  useTransfers.setState(({ all }) => ({ all: all.filter((one) => !isOf(one)) }));
}
