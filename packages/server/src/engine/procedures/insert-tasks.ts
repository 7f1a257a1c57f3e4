import { moved } from '../../domain/counts.ts';
import type { BodyId, ClassId, JobId, Millis, TaskId } from '../../domain/ids.ts';
import { isFinal, type Job } from '../../domain/job.ts';
import { classKey } from '../../domain/needs.ts';
import type { Edge, InternedClass } from '../../domain/rows.ts';
import type { Task, TaskArray } from '../../domain/task.ts';
import { initialTaskState } from '../../domain/task-machine.ts';
import type { PlacedTask } from '../commands.ts';
import type { Draft } from './draft.ts';
import { type Bounds, specOf } from './place.ts';

export interface Insertion {
  /** First free body id. */
  readonly body: BodyId;
  readonly hold: boolean;
  readonly notBefore: Millis | null;
  /** Jobs that the roots wait for. */
  readonly after: readonly Job[];
  /** Which of them need only have ended. */
  readonly afterAny: readonly JobId[];
  readonly classes: readonly InternedClass[];
  readonly bounds: Bounds;
}

/** Rows, bodies and edges of tasks that have their ids. */
export function insertTasks(draft: Draft, job: Job, placed: readonly PlacedTask[], insertion: Insertion): void {
  const { hold: held, classes } = insertion;
  const classOf = classFinder(classes, insertion.bounds);
  const any = new Set(insertion.afterAny);
  const waitsFor = insertion.after.filter(({ id, state }) => (any.has(id) ? !isFinal(state) : state !== 'succeeded'));
  let { counts } = draft.job(job.id);
  let nextBody = insertion.body;
  for (const { id, plan, parents } of placed) {
    const body = plan.body === null ? job.spec : nextBody++;
    if (plan.body !== null) draft.write({ put: 'body', row: { id: body, json: plan.body } });
    const root = parents.length === 0;
    const above = root ? waitsFor.map((parent) => ({ kind: 'job' as const, id: parent.id, any: any.has(parent.id) })) : parents;
    putEdges(draft, above, plan.array === null ? 'task' : 'array', id);
    const state = initialTaskState({ held, notBefore: root ? insertion.notBefore : null, parentsLeft: above.length });
    const classId = classOf(plan);
    const row = { ...common(draft, job, id, plan), class: classId, body, parentsLeft: above.length };
    if (plan.array === null) draft.putTask({ ...row, ...freshTask, state }, true);
    else putArray(draft, row, plan.array, state);
    const size = plan.array?.size ?? 1;
    counts = moved(counts, null, state.state, size);
    draft.tallyAdded(plan.kind, state.state, size);
    if (state.state === 'ready') draft.wakeClass(classId);
    if (state.state === 'waiting' && state.notBefore !== null) draft.dueAt(state.notBefore);
  }
  draft.putJob({ ...draft.job(job.id), counts });
  // A parent that has ended badly already takes them with it, as if it ended now.
  for (const { id, state } of waitsFor) if (isFinal(state)) draft.spread({ kind: 'job', id, tell: 'parent-lost' });
}

/** Most jobs have tasks of one class: then there is nothing to look up. */
function classFinder(classes: readonly InternedClass[], bounds: Bounds): (plan: PlacedTask['plan']) => ClassId {
  const [only, ...others] = classes;
  if (only !== undefined && others.length === 0) return () => only.id;
  const ids = new Map(classes.map(({ id, spec }) => [classKey(spec), id]));
  return (plan) => ids.get(classKey(specOf(plan, bounds))) ?? 0;
}

const freshTask = {
  array: null,
  index: null,
  attempt: 0,
  failures: 0,
  losses: 0,
  startedAt: null,
  endedAt: null,
} as const;

type Shared = Omit<Task, keyof typeof freshTask | 'state'>;

function putArray(draft: Draft, row: Shared, shape: NonNullable<PlacedTask['plan']['array']>, rest: TaskArray['rest']): void {
  const { size, first, step, items } = shape;
  const none = { next: 0, holes: 0, succeeded: 0, lost: 0 };
  draft.putArray({ ...row, ...none, size, rest, first, step, items: items !== null }, true);
  if (items !== null) draft.write({ put: 'items', array: row.id, from: 0, items });
}

function putEdges(
  draft: Draft,
  parents: readonly { kind: Edge['parentKind']; id: number; any?: boolean }[],
  childKind: Edge['childKind'],
  child: TaskId,
): void {
  for (const { kind: parentKind, id: parent, any = false } of parents) {
    const row = { parentKind, parent, childKind, child, done: false, ...(any ? { any } : undefined) };
    draft.write({ put: 'edge', row, fresh: true });
  }
}

function common(draft: Draft, job: Job, id: TaskId, plan: PlacedTask['plan']): Omit<Shared, 'class' | 'body' | 'parentsLeft'> {
  const { key, kind, priority, policy, timeoutMs, silenceMs } = plan;
  const { now: createdAt } = draft;
  return { id, job: job.id, key, kind, jobPriority: job.priority, priority, policy, timeoutMs, silenceMs, createdAt };
}
