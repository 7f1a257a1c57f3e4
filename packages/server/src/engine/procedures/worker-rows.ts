import type { WorkerId } from '../../domain/ids.ts';
import type { Worker } from '../../domain/worker.ts';
import { stepWorker, type WorkerEvent, type WorkerRefusal } from '../../domain/worker-machine.ts';
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
  draft.putWorker({ ...worker, status, mode, wanted, session });
  if (status !== worker.status || mode !== worker.mode) {
    draft.change('worker.changed', { worker: id }, { status, mode, name: worker.name });
    if (status === 'online' && mode === 'awake') draft.wakeWorker(id);
  }
  let grace: number | null = null;
  let over = false;
  for (const effect of effects) {
    if (effect.effect === 'grace') grace = effect.ms;
    if (effect.effect === 'tell') draft.tell(id, session, { tell: 'wish', ...effect.wish });
    if (effect.effect === 'replaced') {
      draft.tell(id, effect.session, { tell: 'close', why: 'another session of this worker has begun' });
    }
    if (effect.effect === 'session-over') {
      over = true;
      draft.write({ drop: 'exclusions', worker: id, session: effect.session });
      if (worker.holding > 0 && effect.how === 'lost') {
        draft.sweep({ kind: 'lose', worker: id, session: effect.session, after: 0 });
      }
    }
  }
  dropIfForgotten(draft, id);
  return { grace, over };
}

/** The row of a worker that was only its connection goes once it holds nothing. */
export function dropIfForgotten(draft: Draft, id: WorkerId): void {
  const worker = draft.maybeWorker(id);
  if (worker === null || !worker.profile.ephemeral || worker.status !== 'offline' || worker.holding > 0) return;
  draft.change('worker.deleted', { worker: id }, { name: worker.name });
  draft.dropWorker(id);
}

/** A worker that its owner's credential stands for. */
export function ownedBy(worker: Worker | null, by: { id: string; scope: 'own' | 'all' }): worker is Worker {
  return worker !== null && (by.scope === 'all' || worker.owner === by.id);
}
