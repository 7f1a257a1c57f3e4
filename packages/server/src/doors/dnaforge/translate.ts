import type { SimJob } from './sim-job.ts';

/**
 * One language of several (dnaforge §6.4): what everybody speaks today, the seed document's code (`v0`), or the document's own
 * words. All of it as JSON text, made once for however many sockets.
 */
export type Dialect = 'today' | 'v0' | 'document';

/** A job in every language; the texts are made when somebody needs them. */
export class ShownJob {
  readonly job: SimJob;
  #today: string | null = null;
  #old: string | null = null;

  constructor(job: SimJob) {
    this.job = job;
  }

  text(dialect: Dialect): string {
    if (dialect === 'today') {
      this.#today ??= JSON.stringify(this.job);
      return this.#today;
    }
    this.#old ??= JSON.stringify(oldJob(this.job));
    return this.#old;
  }
}

/** There `steps` are stages and `progress` a fraction of the whole (dnaforge §6.2). */
function oldJob({ id, stages, completedStages, status, progress, simSteps, error }: SimJob) {
  const fraction = simSteps === 0 ? 0 : progress / simSteps;
  return { id, steps: stages, completedSteps: completedStages, status, progress: fraction, error };
}

/** `job` null: it was deleted. */
export function jobUpdate(dialect: Dialect, id: number, job: ShownJob | null): string {
  const text = job?.text(dialect) ?? 'null';
  return dialect === 'document'
    ? `{"type":"update","job_id":${id},"job":${text}}`
    : `{"type":"JobUpdate","jobId":${id},"job":${text}}`;
}

export function jobList(dialect: Dialect, jobs: readonly ShownJob[]): string {
  const type = dialect === 'document' ? 'jobs' : 'JobList';
  return `{"type":"${type}","jobs":${jobArray(dialect, jobs)}}`;
}

export const jobArray = (dialect: Dialect, jobs: readonly ShownJob[]): string =>
  `[${jobs.map((job) => job.text(dialect)).join(',')}]`;

/** Texts of files, as JSON strings. */
export interface Structure {
  readonly top: string;
  readonly dat: string;
}

export function detailedUpdate(dialect: Dialect, job: ShownJob, { top, dat }: Structure): string {
  const text = job.text(dialect);
  if (dialect === 'today') return `{"type":"DetailedUpdate","job":${text},"top":${top},"dat":${dat}}`;
  return dialect === 'v0'
    ? `{"type":"DetailedUpdate","job":${text},"conf":${dat}}`
    : `{"type":"detailed_update","job_id":${job.job.id},"job":${text},"conf":${dat}}`;
}

/** Only older clients send requests here, and theirs is the only way to tell them (dnaforge §6.4). */
export function requestError(dialect: Dialect, request: string, message: string): string {
  return JSON.stringify({ type: dialect === 'document' ? 'error' : 'Error', request, message });
}

export const authResult = (success: boolean): string => JSON.stringify({ type: 'WebSocketAuthResponse', success });
