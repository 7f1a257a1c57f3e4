import { refuse } from '../../domain/errors.ts';
import type { TaskId } from '../../domain/ids.ts';
import { type Amounts, fitsIn, minus } from '../../domain/needs.ts';
import { reaches } from '../../domain/principal.ts';
import type { InternedClass } from '../../domain/rows.ts';
import { compareHeads, pickClasses, poolsWanted } from '../../domain/scheduling.ts';
import { isRunningLike, type Task } from '../../domain/task.ts';
import { mayClaim, roomOf, suits, type Worker } from '../../domain/worker.ts';
import { type Done, type Head, type ReadRequest, read } from '../../ports/store.ts';
import type { Assignment, InputOf } from '../commands.ts';
import { assignmentOf } from './assignment.ts';
import { Draft, type Spoken } from './draft.ts';
import { loadAround, noWorker } from './rounds.ts';
import type { ProcedureOf, Reading } from './types.ts';

/** Rows looked at per claim, over all classes: what is left out is claimed by the next one. */
const headRows = 512;
const mostAtOnce = 256;

/** The best fitting tasks for one worker, given at once (`run`) or shown (`offer`). */
export const claim: ProcedureOf<'claim'> = function* (input, context) {
  const first = yield* read({
    worker: { read: 'worker', of: input.worker },
    classes: { read: 'liveClasses', of: null },
    pools: { read: 'allPools', of: null },
    held: input.resume
      ? { read: 'heldBy', of: { worker: input.worker, session: input.session, after: 0, limit: mostAtOnce } }
      : undefined,
    blocks: { read: 'blocks', of: { worker: input.worker } },
  });
  const { worker } = first;
  if (worker === null || !reaches(context.by, worker.owner)) return noWorker(input.worker);
  if (worker.session !== input.session) return refuse('stale', `Session ${input.session} of worker ${worker.id} is over`);
  const held = (first.held ?? []).filter(({ state }) => isRunningLike(state) && state.state !== 'stopping').slice(0, input.max);
  const draft = new Draft(context).load({ workers: [worker], pools: first.pools, classes: first.classes });
  const blocked = new Set(first.blocks.map(({ job, kind }) => `${job} ${kind}`));
  const open =
    mayClaim(worker) && held.length === 0
      ? first.classes.filter(
          ({ spec }) => allowed(spec, input, context.by.kinds) && !blocked.has(`${spec.blockJob} ${spec.kind}`),
        )
      : [];
  const classes = candidates(worker, open, draft, input);
  const max = Math.min(input.max, mostAtOnce);
  const depth = Math.max(1, Math.min(max, Math.ceil(headRows / Math.max(1, classes.length))));
  const { heads } = yield* read({
    heads: {
      read: 'heads',
      of: {
        classes: classes.map(({ id }) => id),
        worker: worker.id,
        session: worker.session,
        picky: worker.picky,
        now: context.now,
        depth,
      },
    },
  });
  const chosen = held.length > 0 ? held.map((task) => ({ task })) : choose(heads, max, worker, draft, input);
  const exhausted = usedUp(heads, chosen, classes, worker, depth);
  if (chosen.length === 0) return draft.done({ assignments: [], exhausted });
  const facts = yield* loadChosen(draft, chosen);
  const assignments: Assignment[] = [];
  for (const pick of chosen) {
    const id = held.length > 0 && 'task' in pick ? pick.task.id : start(draft, pick, facts.standing, input);
    if (id !== null) assignments.push(facts.assignment(draft, id));
  }
  draft.closeJobs();
  return draft.done({ assignments, exhausted });
};

function allowed(spec: InternedClass['spec'], input: InputOf<'claim'>, kinds: readonly string[] | null): boolean {
  if (input.kinds !== null && !input.kinds.includes(spec.kind)) return false;
  if (kinds !== null && !kinds.includes(spec.kind)) return false;
  // A prefetched offer takes no room, so it must not take a pool from others either.
  return input.poolsToo || Object.keys(spec.pools).length === 0;
}

/** An offer ahead of time needs a worker that could run it when empty; everything else must fit now. */
function candidates(worker: Worker, classes: readonly InternedClass[], draft: Draft, input: InputOf<'claim'>): InternedClass[] {
  if (input.mode === 'offer' && worker.profile.room === 'counted') return classes.filter(({ spec }) => suits(spec, worker));
  return pickClasses(worker, classes, draft.pools);
}

/**
 * Classes in which nothing is left for anybody: all that stood at their heads was taken. A picky worker cannot tell, since
 * rows may have been kept from it alone.
 */
function usedUp(
  heads: readonly Head[],
  chosen: readonly Pick[],
  classes: readonly InternedClass[],
  worker: Worker,
  depth: number,
): number[] {
  if (worker.picky) return [];
  const seen = new Map<number, number>();
  const left = new Set<number>();
  const tasks = new Set(chosen.flatMap((pick) => ('task' in pick ? [pick.task.id] : [])));
  for (const head of heads) {
    seen.set(head.class, (seen.get(head.class) ?? 0) + 1);
    if ('task' in head) {
      if (!tasks.has(head.task.id)) left.add(head.class);
      continue;
    }
    const last = chosen.findLast((pick) => 'array' in pick && pick.array === head.array.id);
    if (last === undefined || !('array' in last) || last.index < head.array.size - 1) left.add(head.class);
  }
  return classes.filter(({ id }) => !left.has(id) && (seen.get(id) ?? 0) < depth).map(({ id }) => id);
}

/** One index of an array, or a task row. */
type Pick = { readonly task: Task } | { readonly array: TaskId; readonly index: number; readonly class: number };

/** Best first, as long as room and pools last. */
function choose(heads: readonly Head[], max: number, worker: Worker, draft: Draft, input: InputOf<'claim'>): Pick[] {
  const chosen: Pick[] = [];
  const pools = new Map([...draft.pools].map(([name, { total, used }]) => [name, total - used]));
  let room: Amounts = roomOf(worker);
  const takesRoom = input.mode === 'run' || worker.profile.room === 'reported';
  const full = new Set<number>();
  const take = (classId: number): boolean => {
    const { spec } = draft.class(classId);
    const wanted = poolsWanted(spec, draft.pools);
    const fits = !takesRoom || fitsIn(spec.amounts, room);
    if (!fits || Object.entries(wanted).some(([name, amount]) => amount > (pools.get(name) ?? 0))) {
      full.add(classId);
      return false;
    }
    for (const [name, amount] of Object.entries(wanted)) pools.set(name, (pools.get(name) ?? 0) - amount);
    if (takesRoom) room = minus(room, spec.amounts);
    return true;
  };
  for (const head of [...heads].sort(compareHeads)) {
    if (chosen.length >= max) break;
    if (full.has(head.class)) continue;
    if ('task' in head) {
      if (take(head.class)) chosen.push({ task: head.task });
      continue;
    }
    draft.load({ arrays: [head.array] });
    for (let index = head.array.next; index < head.array.size && chosen.length < max; index++) {
      if (!take(head.class)) break;
      chosen.push({ array: head.array.id, index, class: head.class });
    }
  }
  return chosen;
}

/** Everything that the chosen tasks need to begin, in the one round that is left. */
function* loadChosen(
  draft: Draft,
  chosen: readonly Pick[],
): Reading<{
  standing: ReadonlySet<TaskId>;
  assignment: (draft: Draft, id: TaskId) => Assignment;
}> {
  const tasks = chosen.flatMap((pick) => ('task' in pick ? [pick.task] : []));
  const indices = chosen.flatMap((pick) => ('array' in pick ? [pick] : []));
  const arrays = [...new Set(indices.map(({ array }) => array))].map((id) => draft.array(id));
  const rows = [...tasks, ...arrays];
  const members = [...new Set(tasks.flatMap(({ array }) => (array === null ? [] : [array])))];
  const set: Record<string, ReadRequest> = {};
  tasks.forEach((task, i) => {
    if (task.attempt > 0) set[`attempt${i}`] = { read: 'attempt', of: { task: task.id, number: task.attempt } };
    if (task.array !== null && task.index !== null)
      set[`item${i}`] = { read: 'items', of: { array: task.array, from: task.index, n: 1 } };
  });
  arrays.forEach((array) => {
    const mine = indices.filter((pick) => pick.array === array.id);
    if (array.items) set[`items${array.id}`] = { read: 'items', of: { array: array.id, from: array.next, n: mine.length } };
  });
  const got = yield* read({
    ...set,
    bodies: { read: 'bodies', of: [...new Set(rows.map(({ body }) => body))] },
    jobs: { read: 'jobs', of: [...new Set(rows.map(({ job }) => job))] },
    tallies: { read: 'tallies', of: [...new Set(rows.map(({ kind }) => kind))] },
    arrays: { read: 'arrays', of: members },
    checkpoints: { read: 'checkpoints', of: tasks.filter(({ attempt }) => attempt > 0).map(({ id }) => id) },
    standing: { read: 'tasks', of: indices.map(({ array, index }) => array + index) },
  });
  const named = got as unknown as Record<string, never>;
  draft.load({ tasks, arrays: got.arrays, jobs: got.jobs, tallies: got.tallies });
  draft.load({ attempts: tasks.map((_, i) => named[`attempt${i}`]) });
  const bodies = new Map(got.bodies.map(({ id, json }) => [id, json]));
  const checkpoints = new Map(got.checkpoints.map(({ task, json }) => [task, json]));
  const items = new Map<TaskId, string>();
  arrays.forEach((array) => {
    const values: readonly string[] = named[`items${array.id}`] ?? [];
    values.forEach((value, i) => {
      items.set(array.id + array.next + i, value);
    });
  });
  tasks.forEach((task, i) => {
    const [value] = (named[`item${i}`] ?? []) as readonly string[];
    if (value !== undefined) items.set(task.id, value);
  });
  return {
    standing: new Set(got.standing.map(({ id }) => id)),
    assignment: (of, id) => {
      const task = of.task(id);
      const value = items.get(id) ?? numberOf(of, task);
      return assignmentOf(of, task, { body: bodies.get(task.body) ?? '{}', value, checkpoint: checkpoints.get(id) ?? null });
    },
  };
}

function numberOf(draft: Draft, task: Task): string | null {
  if (task.array === null || task.index === null) return null;
  const array = draft.array(task.array);
  return array.items ? null : String(array.first + task.index * array.step);
}

/** Null: an index that somebody had already acted on. */
function start(draft: Draft, pick: Pick, standing: ReadonlySet<TaskId>, input: InputOf<'claim'>): TaskId | null {
  let id: TaskId;
  if ('task' in pick) id = pick.task.id;
  else {
    id = pick.array + pick.index;
    if (standing.has(id)) {
      draft.passHole(pick.array);
      return null;
    }
    draft.materialise(pick.array, pick.index);
  }
  const holder = { worker: input.worker, session: input.session };
  const refused = draft.step(
    id,
    input.mode === 'run' ? { event: 'claim', holder } : { event: 'offer', holder, deadline: input.deadline },
  );
  if (refused !== null) throw new Error(`claimed task ${id} is not ready: ${refused}`);
  return id;
}

/** The worker takes what it was offered. */
export const accept: ProcedureOf<'accept'> = function* (input, context) {
  const { task, worker } = yield* read({
    task: { read: 'task', of: input.task },
    worker: { read: 'workerBySession', of: input.session },
  });
  if (task === null || worker === null || !reaches(context.by, worker.owner))
    return refuse('void_offer', `Task ${input.task} is not offered to this worker`);
  const draft = new Draft(context).load({ workers: [worker] });
  yield* loadAround(draft, [task]);
  const before = task.state;
  if (before.state !== 'offered' || before.session !== input.session) {
    // Its answer has come, late: it may be offered this task again.
    return voided(draft, input.task, worker);
  }
  const more = yield* read({
    bodies: { read: 'bodies', of: [task.body] },
    checkpoints: { read: 'checkpoints', of: task.attempt > 0 ? [task.id] : [] },
    items:
      task.array !== null && task.index !== null
        ? { read: 'items', of: { array: task.array, from: task.index, n: 1 } }
        : undefined,
  });
  const refused = draft.step(task.id, { event: 'accept', session: input.session });
  if (refused !== null) return voided(draft, input.task, worker);
  draft.closeJobs();
  const now = draft.task(task.id);
  const value = more.items?.[0] ?? numberOf(draft, now);
  const body = more.bodies[0]?.json ?? '{}';
  return draft.done({ assignment: assignmentOf(draft, now, { body, value, checkpoint: more.checkpoints[0]?.json ?? null }) });
};

/** Answered as a refusal after the commit (see `engine/run.ts`): forgetting the void offer must be kept. */
function voided<A>(draft: Draft, task: TaskId, worker: Worker): Done<Spoken<A>> {
  draft.write({ drop: 'exclusions', task, worker: worker.id, why: 'void' });
  draft.wakeWorker(worker.id);
  return draft.void(task);
}

/** Defer, reject, or the deadline has passed. Answering an offer that stands no more is no fault. */
export const decline: ProcedureOf<'decline'> = function* (input, context) {
  const { task, worker } = yield* read({
    task: { read: 'task', of: input.task },
    worker: { read: 'workerBySession', of: input.session },
  });
  if (task === null || worker === null || !reaches(context.by, worker.owner))
    return refuse('void_offer', `Task ${input.task} is not offered to this worker`);
  const draft = new Draft(context).load({ workers: [worker] });
  yield* loadAround(draft, [task]);
  const refused = draft.step(task.id, { event: 'decline', session: input.session, how: input.how });
  if (refused !== null) draft.write({ drop: 'exclusions', task: task.id, worker: worker.id, why: 'void' });
  draft.wakeWorker(worker.id);
  draft.closeJobs();
  return draft.done({ task: draft.task(task.id) });
};
