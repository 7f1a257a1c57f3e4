import { keepAfterMs } from '../../domain/backfill.ts';
import { refuse } from '../../domain/errors.ts';
import type { TaskId } from '../../domain/ids.ts';
import { reaches } from '../../domain/principal.ts';
import type { InternedClass } from '../../domain/rows.ts';
import { pickClasses, poolsHaveRoom, poolsWanted } from '../../domain/scheduling.ts';
import { isRunningLike } from '../../domain/task.ts';
import { mayClaim, suits, type Worker } from '../../domain/worker.ts';
import { type Head, read } from '../../ports/store.ts';
import type { Assignment, InputOf } from '../commands.ts';
import { choose, type Pick } from './choose.ts';
import { loadChosen } from './chosen.ts';
import { blockedKey, blockedKeys, depthFor, headsFor, mostAtOnce, rateHasRoom } from './claimable.ts';
import { Draft } from './draft.ts';
import { keepingFor, largeFor, settleKeeping, sinceRequest } from './keeping.ts';
import { noWorker } from './rounds.ts';
import type { ProcedureOf } from './types.ts';

/** The best fitting tasks for one worker, given at once (`run`) or shown (`offer`). */
export const claim: ProcedureOf<'claim'> = function* (input, context) {
  const first = yield* read({
    worker: { read: 'worker', of: input.worker },
    classes: { read: 'liveClasses', of: null },
    pools: { read: 'allPools', of: null },
    shares: { read: 'shares', of: { classes: 'live' } },
    rates: { read: 'rates', of: { classes: 'live' } },
    reserved: { read: 'reservations', of: null },
    held: input.resume
      ? { read: 'heldBy', of: { worker: input.worker, session: input.session, after: 0, limit: mostAtOnce } }
      : undefined,
    blocks: { read: 'blocks', of: { worker: input.worker, now: context.now } },
  });
  const { worker } = first;
  if (worker === null || !reaches(context.by, worker.owner)) return noWorker(input.worker);
  if (worker.session !== input.session || worker.status === 'offline')
    return refuse('stale', `Session ${input.session} of worker ${worker.id} is over`);
  const held = (first.held ?? []).filter(({ state }) => isRunningLike(state) && state.state !== 'stopping').slice(0, input.max);
  const draft = new Draft(context).load({ workers: [worker], pools: first.pools, classes: first.classes });
  draft.load({ shares: first.shares, rates: first.rates });
  if (held.length > 0) {
    const facts = yield* loadChosen(
      draft,
      held.map((task) => ({ task })),
    );
    return draft.done({ assignments: held.map(({ id }) => facts.assignment(draft, id)), exhausted: [], more: false });
  }
  const blocked = blockedKeys(first.blocks);
  const open = first.classes.filter(
    ({ spec }) => allowed(spec, input, context.by.kinds, draft) && !blocked.has(blockedKey(spec.blockJob, spec.kind)),
  );
  const classes = candidates(worker, open, draft, input);
  const max = Math.min(input.max, mostAtOnce);
  const large = classes.length < open.length && mayClaim(worker) && input.poolsToo ? largeFor(draft, worker, open) : [];
  const { reserved } = first;
  // What is only shown in advance would be in the way of what the worker is kept for.
  if (!input.poolsToo && reserved.some(({ row }) => row.worker === worker.id)) {
    return draft.done({ assignments: [], exhausted: [], more: false });
  }
  const depth = depthFor(max, classes.length + large.length);
  const { heads: seen, begunSince } = yield* read({
    heads: headsFor(worker, [...classes, ...large], depth, context.now),
    begunSince: sinceRequest(reserved, worker),
  });
  const afterMs = input.keepAfterMs ?? keepAfterMs;
  const keeping = keepingFor(draft, worker, { heads: seen, large, reserved, begunSince, afterMs });
  const heads = large.length === 0 ? seen : withoutClasses(seen, large);
  const { picks, used, full } = choose(draft, worker, { heads, classes, max, depth, blocked, mode: input.mode, keeping });
  // What may be left in a class that was looked into is said, so that nobody waits beside it.
  const left = classes.some(({ id }) => !used.has(id) && !full.has(id));
  // A picky worker cannot tell what is left for others: rows may have been kept from it alone.
  const exhausted = worker.picky || blocked.size > 0 ? [] : [...used];
  for (const { id, spec } of first.classes)
    if (!poolsHaveRoom(spec, draft.pools) || !rateHasRoom(spec, draft)) exhausted.push(id);
  settleKeeping(draft, keeping, idsOf(picks), reserved, worker.id);
  if (picks.length === 0) return draft.done({ assignments: [], exhausted, more: false });
  const facts = yield* loadChosen(draft, picks);
  const assignments: Assignment[] = [];
  for (const pick of picks) {
    const id = start(draft, pick, facts.standing, input);
    if (id !== null) assignments.push(facts.assignment(draft, id));
  }
  draft.closeJobs();
  return draft.done({ assignments, exhausted, more: left || assignments.length < picks.length });
};

function withoutClasses(heads: readonly Head[], classes: readonly InternedClass[]): Head[] {
  const ids = new Set(classes.map(({ id }) => id));
  return heads.filter((head) => !ids.has(head.class));
}

const idsOf = (picks: readonly Pick[]): ReadonlySet<TaskId> =>
  new Set(picks.map((pick) => ('task' in pick ? pick.task.id : pick.array + pick.index)));

function allowed(spec: InternedClass['spec'], input: InputOf<'claim'>, kinds: readonly string[] | null, draft: Draft): boolean {
  if (input.kinds !== null && !input.kinds.includes(spec.kind)) return false;
  if (kinds !== null && !kinds.includes(spec.kind)) return false;
  if (input.poolsToo) return true;
  // A prefetched offer takes no room, so it must not take a pool from others either.
  if (spec.rate !== undefined) return false;
  for (const _ in poolsWanted(spec, draft.pools)) return false;
  return true;
}

/** An offer ahead of time needs a worker that could run it when empty; everything else must fit now. */
function candidates(worker: Worker, classes: readonly InternedClass[], draft: Draft, input: InputOf<'claim'>): InternedClass[] {
  if (!mayClaim(worker)) return [];
  if (input.mode === 'offer' && worker.profile.room === 'counted')
    return classes.filter(({ spec }) => suits(spec, worker) && rateHasRoom(spec, draft));
  return pickClasses(worker, classes, draft.pools).filter(({ spec }) => rateHasRoom(spec, draft));
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
