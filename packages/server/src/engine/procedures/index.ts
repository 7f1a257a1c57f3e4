import type { Procedure, Procedures } from '../../ports/store.ts';
import type { CommandName } from '../commands.ts';
import { audited } from './audit.ts';
import { accept, claim, decline } from './claim.ts';
import { cancel, clean, deleteJob, hold, release, retry, setPriority } from './job-control.ts';
import { setPool } from './pool.ts';
import { amend, appendLog, end, giveBack, releasePool, report } from './report.ts';
import { built, extend, submit } from './submit.ts';
import { due, sweep } from './sweep.ts';
import { force, holdTask, releaseTask, resume, retryTask, stop, suspend } from './task-control.ts';
import type { ProcedureOf } from './types.ts';
import {
  approve,
  block,
  connectionLost,
  forget,
  forgive,
  reconcile,
  refresh,
  register,
  sessionOver,
  signOff,
  signOn,
  tell,
  wish,
} from './worker.ts';

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
  forget,
  tell,
  block,
  forgive,
  due,
  sweep,
};

/** What the store runs: one procedure per command. The audited ones write who did what in the same transaction. */
export const procedures: Procedures = Object.fromEntries(
  Object.entries(table).map(([name, procedure]) => [
    name,
    audited(name as CommandName, procedure as unknown as Procedure<never, never>),
  ]),
);
