import type { AttemptView, TaskDetail, TaskView } from '@switchyard/sdk/task.ts';
import type { Artifact, Attempt, Progress } from '../../../domain/attempt.ts';
import { describeReason } from '../../../domain/reasons.ts';
import type { Reason, TaskState } from '../../../domain/task.ts';
import type { TaskFacts } from '../../../engine/queries.ts';
import { RawJson, rawFields } from '../../kit/raw-json.ts';
import { timeOf, timeOrNull } from './time.ts';

type Shown = TaskFacts['shown'];

export function taskView({ task, attempt }: Shown, progress: Progress | null): TaskView {
  const { state } = task;
  const latest = attempt?.number === task.attempt ? attempt : null;
  const reason = 'reason' in state ? state.reason : null;
  const waiting = state.state === 'waiting' ? state : null;
  return {
    id: task.id,
    job: task.job,
    key: task.key,
    array: task.array,
    index: task.index,
    kind: task.kind,
    state: state.state,
    reason,
    text: reasonText(reason, latest),
    held: waiting?.held ?? false,
    notBefore: timeOrNull(waiting?.notBefore ?? null),
    parentsLeft: task.parentsLeft,
    priority: task.priority,
    attempt: task.attempt,
    failures: task.failures,
    losses: task.losses,
    worker: workerOf(state, latest),
    exitCode: latest?.exitCode ?? null,
    signal: latest?.signal ?? null,
    error: latest?.error ?? null,
    progress,
    createdAt: timeOf(task.createdAt),
    startedAt: timeOrNull(task.startedAt),
    endedAt: timeOrNull(task.endedAt),
  };
}

const reasonText = (reason: Reason | null, attempt: Attempt | null): string | null =>
  reason === null ? null : describeReason(reason, attempt ?? {});

/** Who holds it, else who ran it last. The name stands on the attempt: the worker may be gone. */
function workerOf(state: TaskState, attempt: Attempt | null): TaskView['worker'] {
  if ('worker' in state) {
    return { id: state.worker, name: attempt?.worker === state.worker ? attempt.workerName : `worker ${state.worker}` };
  }
  return attempt === null ? null : { id: attempt.worker, name: attempt.workerName };
}

/** Body and result stand as JSON text: they pass as they are. */
export function taskDetail(facts: TaskFacts, progress: Progress | null): RawJson {
  const { task } = facts.shown;
  const latest = facts.attempts.findLast((attempt) => attempt.number === task.attempt) ?? null;
  const view: Omit<TaskDetail, 'payload' | 'inputs' | 'outputs' | 'result'> = {
    ...taskView({ ...facts.shown, attempt: latest ?? facts.shown.attempt }, progress),
    value: facts.value,
    needs: { tags: [...facts.needs.tags], amounts: facts.needs.amounts, pools: facts.needs.pools },
    timeoutMs: task.timeoutMs,
    silenceMs: task.silenceMs,
    attempts: facts.attempts.map(attemptView),
    artifacts: [...artifactsOf(facts)],
    logs: facts.logs,
  };
  const detail = rawFields(view, { result: latest?.result ?? 'null' });
  return withMembers(detail, facts.body);
}

/** `{"a":1}` with the members of `{"payload":{}}`. */
function withMembers({ text }: RawJson, members: string): RawJson {
  const inner = members.trim().slice(1, -1);
  return new RawJson(`${text.slice(0, -1)},${inner === '' ? '"payload":null' : inner}}`);
}

/** Of the latest attempt that left any. */
export function artifactsOf({ attempts }: Pick<TaskFacts, 'attempts'>): readonly Artifact[] {
  return attempts.findLast((attempt) => attempt.artifacts.length > 0)?.artifacts ?? [];
}

export function attemptView(attempt: Attempt): AttemptView {
  return {
    number: attempt.number,
    worker: attempt.worker,
    workerName: attempt.workerName,
    startedAt: timeOf(attempt.startedAt),
    endedAt: timeOrNull(attempt.endedAt),
    outcome: attempt.outcome,
    exitCode: attempt.exitCode,
    signal: attempt.signal,
    reason: attempt.reason,
    error: attempt.error,
  };
}
