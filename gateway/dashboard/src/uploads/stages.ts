/** The words for where a file is, put into those of jobs. */
import type { Upload, UploadStatus } from '../api/schema';
import type { WorkState } from '../jobs/state';

export type Stage = Upload['status'];

const OF_STAGE: Record<Stage, WorkState> = {
  pending: 'pending',
  processing: 'running',
  retrying: 'retrying',
  completed: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
};

export const STAGES = Object.keys(OF_STAGE) as Stage[];

const WORDS: Record<Stage, string> = {
  pending: 'waiting',
  processing: 'being read',
  retrying: 'read again soon',
  completed: 'read',
  failed: 'failed',
  cancelled: 'cancelled',
};

export function stateOf(stage: Stage): WorkState {
  return OF_STAGE[stage];
}

export function wordOf(stage: Stage): string {
  return WORDS[stage];
}

export function stageOf(status: UploadStatus): Stage {
  return status.result.status;
}
