import { refuse } from '../../domain/errors.ts';
import { nothing } from '../../domain/needs.ts';
import type { Worker } from '../../domain/worker.ts';
import { freshWorker } from '../../domain/worker-machine.ts';
import { read } from '../../ports/store.ts';
import { Draft } from './draft.ts';
import type { ProcedureOf } from './types.ts';
import { moveWorker, ownedBy } from './worker-rows.ts';

/** Makes a worker known, or finds it again by its key. */
export const register: ProcedureOf<'register'> = function* (input, context) {
  const { key, name, tags, total, profile, info, approved } = input;
  const { by, now } = context;
  const { known = null, id } = yield* read({
    known: key === null ? undefined : { read: 'workerByKey', of: key },
    id: { read: 'fresh', of: { of: 'worker', n: 1 } },
  });
  const kinds = by.kinds === null ? input.kinds : input.kinds.filter((kind) => by.kinds?.includes(kind));
  const draft = new Draft(context);
  const described = { name, kinds, tags, total, profile, info, seenAt: now };
  if (known !== null) {
    if (!ownedBy(known, by)) return refuse('forbidden', `Worker ${name} belongs to another credential`);
    draft.load({ workers: [known] });
    draft.putWorker({ ...known, ...described });
    moveWorker(draft, known.id, { event: 'register', approved });
    return draft.done({ worker: known.id, created: false });
  }
  const gate = profile.gated === true ? 'closed' : 'none';
  const nothingYet = { used: nothing, reported: null, gate, holding: 0, picky: false, createdAt: now } as const;
  const row: Worker = { id, key, owner: by.id, ...described, ...nothingYet, ...freshWorker(approved) };
  draft.putWorker(row, true);
  draft.change('worker.created', { worker: id }, { name, kinds, tags });
  return draft.done({ worker: id, created: true });
};
