import type { Procedure, Procedures } from '../../ports/store.ts';
import type { CommandName } from '../commands.ts';
import { audited } from './audit.ts';
import { block, forgive } from './block.ts';
import { claim } from './claim.ts';
import { due } from './due.ts';
import { built, extend } from './extend.ts';
import { giveUp } from './give-up.ts';
import { cancel, clean, deleteJob, hold, release, retry, setPriority } from './job-control.ts';
import { note } from './note.ts';
import { accept, decline } from './offers.ts';
import { setPool } from './pool.ts';
import { register } from './register.ts';
import { amend, appendLog, end, giveBack, releasePool, report } from './report.ts';
import { connectionLost, reconcile, refresh, sessionOver, signOff, signOn } from './session.ts';
import { submit } from './submit.ts';
import { sweep } from './sweep.ts';
import { force, holdTask, releaseTask, resume, retryTask, stop, suspend } from './task-control.ts';
import type { ProcedureOf } from './types.ts';
import { why } from './why.ts';
import { approve, forget, gate, setTags, tell, wish } from './worker-control.ts';

const table: { readonly [N in CommandName]: ProcedureOf<N> } = {
  submit,
  extend,
  built,
  claim,
  accept,
  decline,
  report,
  appendLog,
  end,
  amend,
  giveBack,
  releasePool,
  suspend,
  resume,
  stop,
  force,
  cancel,
  hold,
  release,
  holdTask,
  releaseTask,
  retry,
  retryTask,
  setPriority,
  clean,
  delete: deleteJob,
  setPool,
  register,
  signOn,
  signOff,
  reconcile,
  connectionLost,
  sessionOver,
  refresh,
  wish,
  approve,
  gate,
  setTags,
  forget,
  tell,
  block,
  forgive,
  giveUp,
  why,
  due,
  sweep,
  note,
};

/** What the store runs: one procedure per command. The audited ones write who did what in the same transaction. */
export const procedures: Procedures = Object.fromEntries(
  Object.entries(table).map(([name, procedure]) => [
    name,
    audited(name as CommandName, procedure as unknown as Procedure<never, never>),
  ]),
);
