import type { ArrayView } from '@switchyard/sdk/array.ts';
import type { JobView } from '@switchyard/sdk/job.ts';
import type { MovedView } from '@switchyard/sdk/job-detail.ts';
import { totalOf } from '../../../domain/counts.ts';
import type { Job } from '../../../domain/job.ts';
import type { TaskArray } from '../../../domain/task.ts';
import type { Moved } from '../../../engine/commands.ts';
import { timeOf, timeOrNull } from './time.ts';

export function jobView(job: Job): JobView {
  return {
    id: job.id,
    name: job.name,
    kind: job.kind,
    state: job.state,
    intent: job.intent,
    priority: job.priority,
    owner: job.owner,
    labels: job.labels,
    counts: job.counts,
    total: totalOf(job.counts),
    firstTask: job.firstTask,
    createdAt: timeOf(job.createdAt),
    startedAt: timeOrNull(job.startedAt),
    endedAt: timeOrNull(job.endedAt),
    deadline: timeOrNull(job.deadline),
  };
}

export function movedView({ job, moved, sweeping }: Moved): MovedView {
  return { job: jobView(job), moved, sweeping };
}

export function arrayView(array: TaskArray): ArrayView {
  const { id, key, kind, size, next, first, step, items, succeeded, lost } = array;
  return { id, key, kind, size, next, rest: array.rest.state, first, step, items, succeeded, lost };
}
