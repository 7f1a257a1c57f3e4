import type { Reason, TaskArray } from '../../../domain/task.ts';
import { taskState, wordOf } from '../codes.ts';
import type { Cell, Cells } from '../database.ts';
import { rankOf } from './json.ts';
import { decodePolicy, farmText, onLoss, retryOn } from './policy.ts';

export const arrayColumns = [
  'id',
  'job',
  'key',
  'kind',
  'class',
  'job_rank',
  'rank',
  'body',
  'size',
  'next',
  'holes',
  'rest',
  'held',
  'not_before',
  'reason',
  'since',
  'parents_left',
  'first',
  'step',
  'items',
  'succeeded',
  'lost',
  'retries',
  'max_losses',
  'retry_on',
  'backoff_ms',
  'on_loss',
  'timeout_ms',
  'silence_ms',
  'created_at',
  'farm_policy',
] as const;

export function encodeArray(array: TaskArray): Cell[] {
  const { rest, policy } = array;
  const waiting = rest.state === 'waiting' ? rest : null;
  const canceled = rest.state === 'canceled' ? rest : null;
  return [
    array.id,
    array.job,
    array.key,
    array.kind,
    array.class,
    rankOf(array.jobPriority),
    rankOf(array.priority),
    array.body,
    array.size,
    array.next,
    array.holes,
    taskState.code[rest.state],
    waiting && (waiting.held ? 1 : 0),
    waiting?.notBefore ?? null,
    canceled?.reason ?? null,
    canceled?.at ?? null,
    array.parentsLeft,
    array.first,
    array.step,
    array.items ? 1 : 0,
    array.succeeded,
    array.lost,
    policy.retries,
    policy.maxLosses,
    retryOn[policy.on],
    policy.backoffMs,
    onLoss[policy.onLoss],
    array.timeoutMs,
    array.silenceMs,
    array.createdAt,
    farmText(policy),
  ];
}

function decodeRest(cells: Cells, at: number): TaskArray['rest'] {
  const state = wordOf(taskState, cells[at]);
  switch (state) {
    case 'waiting':
      return { state, held: cells[at + 1] === 1, notBefore: cells[at + 2] as number | null };
    case 'ready':
      return { state };
    case 'canceled':
      return { state, reason: cells[at + 3] as Reason, at: cells[at + 4] as number };
    default:
      throw new Error(`the rest of an array cannot be ${state}`);
  }
}

export function decodeArray(cells: Cells, at = 0): TaskArray {
  return {
    id: cells[at] as number,
    job: cells[at + 1] as number,
    key: cells[at + 2] as string | null,
    kind: cells[at + 3] as string,
    class: cells[at + 4] as number,
    jobPriority: rankOf(cells[at + 5] as number),
    priority: rankOf(cells[at + 6] as number),
    body: cells[at + 7] as number,
    size: cells[at + 8] as number,
    next: cells[at + 9] as number,
    holes: cells[at + 10] as number,
    rest: decodeRest(cells, at + 11),
    parentsLeft: cells[at + 16] as number,
    first: cells[at + 17] as number,
    step: cells[at + 18] as number,
    items: cells[at + 19] === 1,
    succeeded: cells[at + 20] as number,
    lost: cells[at + 21] as number,
    policy: decodePolicy(cells, at + 22, cells[at + 30]),
    timeoutMs: cells[at + 27] as number,
    silenceMs: cells[at + 28] as number,
    createdAt: cells[at + 29] as number,
  };
}
