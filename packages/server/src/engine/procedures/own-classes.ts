import type { ClassId } from '../../domain/ids.ts';
import { type ClassSpec, classKey } from '../../domain/needs.ts';
import type { InternedClass, SweepWork } from '../../domain/rows.ts';
import { read } from '../../ports/store.ts';
import type { Draft } from './draft.ts';
import type { Reading } from './types.ts';

/** A job with a blocklist moves into classes of its own, so that whoever is blocked there never stands before its tasks. */
export function* ownClasses(draft: Draft, key: string, { job }: SweepWork & { kind: 'own' }): Reading<number> {
  const { classes } = yield* read({ classes: { read: 'classesOfJob', of: job } });
  const shared = classes.filter(({ spec }) => spec.blockJob === null);
  const own = shared.map(({ spec }): ClassSpec => ({ ...spec, blockJob: job }));
  const { interned } = yield* read({ interned: { read: 'classOf', of: own } });
  if (shared.length > 0) draft.sweep({ kind: 'reclass', job, after: 0, classes: pairs(shared, interned, job) });
  draft.write({ drop: 'sweep', key });
  return shared.length;
}

function pairs(shared: readonly InternedClass[], own: readonly InternedClass[], blockJob: number): [ClassId, ClassId][] {
  const byKey = new Map(own.map(({ id, spec }) => [classKey(spec), id]));
  return shared.map(({ id, spec }) => [id, byKey.get(classKey({ ...spec, blockJob })) ?? id]);
}
