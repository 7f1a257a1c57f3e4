import type { JobId, TaskId } from '../../domain/ids.ts';
import type { TaskStateName } from '../../domain/task.ts';

/** What is known of one stage: a task of kind `oxdna`. */
export interface StageFacts {
  readonly task: TaskId;
  /** Of one run, as asked for. */
  readonly steps: number;
  state: TaskStateName;
  /** Some attempt of it has begun. */
  begun: boolean;
  extensions: number;
  /** Steps done over all runs. */
  done: number;
  error: string | null;
}

/** What is known of one simulation: a job of kind `oxdna`, whichever door it came in by. */
export interface SimFacts {
  readonly id: JobId;
  readonly metadata: Readonly<Record<string, string>>;
  readonly stages: readonly StageFacts[];
  /** Somebody asked for its end. */
  canceling: boolean;
}

export type SimStatus = 'NEW' | 'RUNNING' | 'DONE' | 'CANCELED';

/** dnaforge §3.1. */
export interface SimJob {
  readonly metadata: Readonly<Record<string, string>>;
  readonly id: number;
  readonly stages: number;
  readonly completedStages: number;
  readonly status: SimStatus;
  readonly initialSimSteps: number;
  readonly simSteps: number;
  readonly progress: number;
  readonly initialStageSimSteps: readonly number[];
  readonly stageSimSteps: readonly number[];
  readonly stageProgress: readonly number[];
  readonly extensions: readonly number[];
  readonly error: string | null;
}

/** Their first job is 0, ours 1 (DESIGN §5). */
export const wireId = (job: JobId): number => job - 1;
export const jobIdOf = (id: number): JobId => id + 1;

/** The same facts as their clients read them. Bars never pass their end, and a job with all stages done is DONE (dnaforge §3.1). */
export function simJob(sim: SimFacts): SimJob {
  const { stages } = sim;
  const totals = stages.map(({ steps, extensions }) => steps * (1 + extensions));
  const progress = stages.map((stage, i) => progressOf(stage, totals[i] ?? 0));
  const status = statusOf(sim);
  return {
    metadata: sim.metadata,
    id: wireId(sim.id),
    stages: stages.length,
    completedStages: completedOf(stages),
    status,
    initialSimSteps: sum(stages.map(({ steps }) => steps)),
    simSteps: sum(totals),
    progress: sum(progress),
    initialStageSimSteps: stages.map(({ steps }) => steps),
    stageSimSteps: totals,
    stageProgress: progress,
    extensions: stages.map(({ extensions }) => extensions),
    error: stages.find(({ state }) => state === 'failed')?.error ?? null,
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

const progressOf = ({ state, done }: StageFacts, total: number): number =>
  state === 'succeeded' ? total : Math.max(0, Math.min(total, Math.floor(done)));

function completedOf(stages: readonly StageFacts[]): number {
  const first = stages.findIndex(({ state }) => state !== 'succeeded');
  return first < 0 ? stages.length : first;
}

/** There is no state of their own for failures: canceled, with an error. */
function statusOf({ stages, canceling }: SimFacts): SimStatus {
  if (stages.every(({ state }) => state === 'succeeded')) return 'DONE';
  if (canceling || stages.some(({ state }) => state === 'failed' || state === 'canceled')) return 'CANCELED';
  return stages.some(({ begun }) => begun) ? 'RUNNING' : 'NEW';
}

export const isFinal = ({ status }: Pick<SimJob, 'status'>): boolean => status === 'DONE' || status === 'CANCELED';
