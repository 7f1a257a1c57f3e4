import { type Refusal, refuse } from '../../domain/errors.ts';
import { pickClasses } from '../../domain/scheduling.ts';
import { mayStart, suits, type Worker } from '../../domain/worker.ts';
import type { Assignment, JobPlan, PlacedTask } from '../commands.ts';
import { assignmentOf } from './assignment.ts';
import { rateHasRoom } from './claimable.ts';
import type { Draft } from './draft.ts';

const unavailable = (why: string): { refusal: Refusal } => refuse('worker_unavailable', why, '/startOn');

/** A person's word: this worker, now, or not at all. */
export function startOn(
  draft: Draft,
  plan: JobPlan,
  placed: readonly PlacedTask[],
  worker: Worker | null,
): { refusal: Refusal } | { assignment: Assignment } {
  const [only, ...others] = placed;
  if (worker === null) return refuse('not_found', `There is no worker ${plan.startOn}`, '/startOn');
  if (only === undefined || others.length > 0 || only.plan.array !== null) {
    return refuse('invalid', 'Only a job of one task can be started on a named worker', '/startOn');
  }
  const itsClass = draft.class(draft.task(only.id).class);
  if (!suits(itsClass.spec, worker)) return unavailable(`${worker.name} cannot run this task`);
  if (!mayStart(worker)) return unavailable(`${worker.name} is ${worker.status}, ${worker.mode}`);
  if (!rateHasRoom(itsClass.spec, draft)) return unavailable('As many tasks under this key have begun as its rate allows');
  if (pickClasses(worker, [itsClass], draft.pools).length === 0) return unavailable(`${worker.name} is busy, or a pool is full`);
  // Nothing is under way there: it has room.
  draft.moveGate(worker.id, 'start');
  const refused = draft.step(only.id, { event: 'claim', holder: { worker: worker.id, session: worker.session } });
  if (refused !== null) return unavailable('The job waits for something else first');
  const body = only.plan.body ?? plan.spec;
  return { assignment: assignmentOf(draft, draft.task(only.id), { body, value: null, checkpoint: null }) };
}
