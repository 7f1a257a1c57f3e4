import { read } from '../../ports/store.ts';
import { candidateReads, takeCandidates } from './candidates.ts';
import { Draft } from './draft.ts';
import { recheckTask } from './recheck.ts';
import { finish, loadAround } from './rounds.ts';
import type { ProcedureOf } from './types.ts';

/** Nobody who could run this task has been present for as long as its policy waits. Looked at again: somebody may have come. */
export const giveUp: ProcedureOf<'giveUp'> = function* (input, context) {
  const { task } = yield* read({ task: { read: 'task', of: input.task } });
  const draft = new Draft(context);
  if (task === null) return draft.done({ moved: false });
  const facts = yield* loadAround(draft, [task], [], [], candidateReads([task], context.now));
  takeCandidates(draft.candidates, facts);
  const moved = recheckTask(draft, task, task.class);
  // What nobody has failed yet shares its fate with all that stand beside it.
  if (moved && task.failures === 0) draft.sweep({ kind: 'recheck', job: task.job, class: task.class, after: 0 });
  return yield* finish(draft, () => ({ moved }), false);
};
