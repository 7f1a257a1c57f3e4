import { type Refusal, refuse } from '../../domain/errors.ts';
import type { SessionNumber, WorkerId } from '../../domain/ids.ts';
import type { Principal } from '../../domain/principal.ts';
import { reaches } from '../../domain/principal.ts';
import { workerRefusalCodes } from '../../domain/reasons.ts';
import { unreachable } from '../../domain/unreachable.ts';
import { mayClaim, type Worker } from '../../domain/worker.ts';
import { stepWorker, type WorkerEffect, type WorkerEvent, type WorkerRefusal } from '../../domain/worker-machine.ts';
import type { Draft } from './draft.ts';

export interface Over {
  /** Grace begins: so many ms. */
  readonly grace: number | null;
  /** The session ended for good. */
  readonly over: boolean;
}

/** Moves a worker by the machine and does what follows. */
export function moveWorker(draft: Draft, id: WorkerId, event: WorkerEvent): WorkerRefusal | Over {
  const worker = draft.worker(id);
  const outcome = stepWorker(worker, event);
  if ('refusal' in outcome) return outcome.refusal;
  const { status, mode, wanted, session, effects } = outcome.step;
  const next = { ...worker, status, mode, wanted, session };
  draft.putWorker(next);
  if (status !== worker.status || mode !== worker.mode || wanted !== worker.wanted) {
    draft.workerChanged(id);
  }
  if (mayClaim(next) && !mayClaim(worker)) draft.wakeWorker(id);
  let grace: number | null = null;
  let over = false;
  for (const effect of effects) {
    doEffect(draft, next, effect);
    if (effect.effect === 'grace') grace = effect.ms;
    if (effect.effect === 'session-over') over = true;
  }
  dropIfForgotten(draft, id);
  return { grace, over };
}

function doEffect(draft: Draft, { id, session, holding }: Worker, effect: WorkerEffect): void {
  switch (effect.effect) {
    case 'tell':
      draft.tell(id, session, { tell: 'wish', ...effect.wish });
      return;
    case 'replaced':
      draft.tell(id, effect.session, { tell: 'close', why: 'another session of this worker has begun' });
      return;
    case 'session-over':
      draft.write({ drop: 'exclusions', worker: id, session: effect.session });
      if (holding > 0 && effect.how === 'lost') draft.sweep({ kind: 'lose', worker: id, session: effect.session, after: 0 });
      return;
    // Both are seen to by the caller: the timer stands in memory, and a row goes only when it holds nothing.
    case 'grace':
    case 'forget':
      return;
    default:
      unreachable(effect);
  }
}

/** The row of a worker that was only its connection goes once it holds nothing. */
export function dropIfForgotten(draft: Draft, id: WorkerId): void {
  const worker = draft.maybeWorker(id);
  if (worker === null || !worker.profile.ephemeral || worker.status !== 'offline' || worker.holding > 0) return;
  draft.change('worker.deleted', { worker: id }, { name: worker.name });
  draft.dropWorker(id);
}

/** A worker that its owner's credential stands for. */
export function ownedBy(worker: Worker | null, by: Principal): worker is Worker {
  return worker !== null && reaches(by, worker.owner);
}

/** Its present session, and that is not over. */
export function inSession(worker: Worker, session: SessionNumber): boolean {
  return worker.session === session && worker.status !== 'offline';
}

export function refusedMove(refusal: WorkerRefusal, worker: Worker, asked: string): { refusal: Refusal } {
  return refuse(
    workerRefusalCodes[refusal],
    refusal === 'stale'
      ? `That session of ${worker.name} is over`
      : `${worker.name} is ${worker.status}; ${asked} is not possible then`,
  );
}
