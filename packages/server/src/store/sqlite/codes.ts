import type { JobIntent, JobState } from '../../domain/job.ts';
import type { Edge } from '../../domain/rows.ts';
import type { TaskStateName } from '../../domain/task.ts';
import type { WorkerStatus } from '../../domain/worker.ts';

/**
 * Words that stand as numbers in hot rows. They are in files out there: never change one, only add at the end.
 * The partial indexes of the schema name some of them (ready = 1, alive = 2…5, final jobs = 4…6, offline = 4).
 */
interface Codes<W extends string> {
  readonly code: Readonly<Record<W, number>>;
  readonly words: readonly W[];
}

function codes<const W extends string>(words: readonly W[]): Codes<W> {
  return { code: Object.fromEntries(words.map((word, at) => [word, at])) as Record<W, number>, words };
}

export const taskState = codes<TaskStateName>([
  'waiting',
  'ready',
  'offered',
  'running',
  'suspended',
  'stopping',
  'succeeded',
  'failed',
  'canceled',
]);

export const jobState = codes<JobState>(['waiting', 'held', 'active', 'canceling', 'succeeded', 'failed', 'canceled']);

export const jobIntent = codes<JobIntent>(['none', 'building', 'hold', 'cancel', 'delete']);

export const workerStatus = codes<WorkerStatus>(['pending', 'starting', 'online', 'lost', 'offline']);

export const edgeEnd = codes<Edge['parentKind']>(['task', 'array', 'job']);

/** The word of a code that came from the file; an unknown one means a newer or damaged file. */
export function wordOf<W extends string>(of: Codes<W>, code: unknown): W {
  const word = of.words[code as number];
  if (word === undefined) throw new Error(`unknown code ${String(code)} among ${of.words.join(', ')}`);
  return word;
}
