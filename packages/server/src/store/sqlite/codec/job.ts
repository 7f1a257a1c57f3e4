import type { Job } from '../../../domain/job.ts';
import { jobIntent, jobState, wordOf } from '../codes.ts';
import type { Cell, Cells } from '../database.ts';
import { countsOf, countsText } from './counts.ts';
import { recordOf, recordText } from './json.ts';

export const jobColumns = [
  'id',
  'name',
  'kind',
  'priority',
  'owner',
  'labels',
  'spec',
  'intent',
  'state',
  'counts',
  'started_at',
  'created_at',
  'ended_at',
  'first_task',
  'deadline',
] as const;

export function encodeJob(job: Job): Cell[] {
  return [
    job.id,
    job.name,
    job.kind,
    job.priority,
    job.owner,
    recordText(job.labels),
    job.spec,
    jobIntent.code[job.intent],
    jobState.code[job.state],
    countsText(job.counts),
    job.startedAt,
    job.createdAt,
    job.endedAt,
    job.firstTask,
    job.deadline,
  ];
}

/** `at`: where the job's columns begin in the row. */
export function decodeJob(cells: Cells, at = 0): Job {
  return {
    id: cells[at] as number,
    name: cells[at + 1] as string,
    kind: cells[at + 2] as string,
    priority: cells[at + 3] as number,
    owner: cells[at + 4] as string,
    labels: recordOf<string>(cells[at + 5]),
    spec: cells[at + 6] as number,
    intent: wordOf(jobIntent, cells[at + 7]),
    state: wordOf(jobState, cells[at + 8]),
    counts: countsOf(cells[at + 9] as string),
    startedAt: cells[at + 10] as number | null,
    createdAt: cells[at + 11] as number,
    endedAt: cells[at + 12] as number | null,
    firstTask: cells[at + 13] as number,
    deadline: cells[at + 14] as number | null,
  };
}
