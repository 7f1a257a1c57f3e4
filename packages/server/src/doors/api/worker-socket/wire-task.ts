import type { WireTask } from '@switchyard/sdk/worker-wire.ts';
import { expandBody, type Lookup } from '../../../domain/variables.ts';
import type { Assignment } from '../../../engine/commands.ts';
import { rawFields } from '../../kit/raw-json.ts';

/** The task of a `run` or an `offer` as JSON text. Body (its variables put in) and checkpoint stand as text and pass as they are. */
export function wireTask(given: Assignment, attempt: number, lookup: Lookup): string {
  const { task, jobName, value, amounts, checkpoint } = given;
  const body = expandBody(given.body, lookup, { value, index: task.index });
  const head: Omit<WireTask, 'checkpoint' | 'body'> = {
    task: task.id,
    attempt,
    job: task.job,
    jobName,
    kind: task.kind,
    index: task.index,
    value,
    key: task.key,
    amounts: { slots: amounts.slots, cpus: amounts.cpus, ramMb: amounts.ramMb, named: { ...amounts.named } },
    timeoutMs: task.timeoutMs,
    silenceMs: task.silenceMs,
  };
  return rawFields(head, { checkpoint: checkpoint ?? 'null', body }).text;
}

export const runText = (given: Assignment, lookup: Lookup): string =>
  `{"m":"run","task":${wireTask(given, given.task.attempt, lookup)}}`;
/** The attempt that it would become: its number is taken only when the offer is accepted. */
export const offerText = (given: Assignment, lookup: Lookup): string =>
  `{"m":"offer","task":${wireTask(given, given.task.attempt + 1, lookup)}}`;
