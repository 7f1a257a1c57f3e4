import type { Task } from '../../domain/task.ts';
import { unreachable } from '../../domain/unreachable.ts';
import type { Assignment } from '../../engine/commands.ts';
import { type Ending, neverStarted } from './translate-report.ts';

/**
 * One job on one worker's connection, from the offer to its outputs (kueue §4.2, §4.3). The engine decides; this only keeps
 * what the wire needs: exactly one answer to each Accept, outputs before the end, no confirm of what is over.
 */
export type WorkerJob =
  | { readonly at: 'offered'; readonly assignment: Assignment }
  /** It accepted; the engine is asked. `kill`: canceled in between. */
  | { readonly at: 'accepting'; readonly assignment: Assignment; readonly kill: Task | null }
  /** Void for us, and the worker has not answered yet. */
  | { readonly at: 'withdrawn'; readonly assignment: Assignment }
  | { readonly at: 'running'; readonly assignment: Assignment }
  /** It ended; its outputs follow directly (kueue §6.9). */
  | { readonly at: 'ended'; readonly assignment: Assignment; readonly ending: Ending };

export type WorkerJobEvent =
  | { readonly event: 'offer'; readonly assignment: Assignment }
  | { readonly event: 'withdraw'; readonly task: Task }
  | { readonly event: 'kill'; readonly task: Task }
  /** From the worker. */
  | { readonly event: 'accept' }
  | { readonly event: 'defer' | 'reject' }
  | { readonly event: 'status'; readonly ending: Ending | null }
  /** Its outputs are in the log. */
  | { readonly event: 'results' }
  /** They did not come in time, or the connection is gone. */
  | { readonly event: 'no-results' }
  /** The engine's answer to the accept. */
  | { readonly event: 'accepted'; readonly assignment: Assignment }
  | { readonly event: 'void' };

export type WorkerJobEffect =
  | { readonly effect: 'offer' | 'confirm' | 'withdraw'; readonly assignment: Assignment }
  /** Withdraw a job that was never offered here: its reservation would stand for ever (kueue §4.2). */
  | { readonly effect: 'withdraw-unknown' }
  | { readonly effect: 'kill'; readonly assignment: Assignment; readonly task: Task }
  | { readonly effect: 'accept'; readonly assignment: Assignment }
  | { readonly effect: 'decline'; readonly how: 'defer' | 'reject' }
  | { readonly effect: 'end'; readonly assignment: Assignment; readonly ending: Ending }
  /** Call `no-results` if they do not come. */
  | { readonly effect: 'await-results' }
  /** It accepted and was sent away. `room-undo`: the engine never took the amounts off; `room-back`: it did, and must hear. */
  | { readonly effect: 'room-undo' | 'room-back'; readonly assignment: Assignment };

export interface WorkerJobStep {
  /** Null: the connection has nothing to do with this job any more. */
  readonly job: WorkerJob | null;
  readonly effects: readonly WorkerJobEffect[];
}

const to = (job: WorkerJob | null, ...effects: WorkerJobEffect[]): WorkerJobStep => ({ job, effects });

/** Total: what makes no sense changes nothing, since late and doubled messages are no reason to close (kueue §6.6, §6.9). */
export function stepWorkerJob(job: WorkerJob | null, event: WorkerJobEvent): WorkerJobStep {
  switch (event.event) {
    case 'offer':
      return to({ at: 'offered', assignment: event.assignment }, { effect: 'offer', assignment: event.assignment });
    case 'withdraw':
      // While accepting, the engine's refusal brings the withdrawal.
      if (job?.at !== 'offered') return to(job);
      return to({ at: 'withdrawn', assignment: job.assignment }, { effect: 'withdraw', assignment: job.assignment });
    case 'kill':
      return onKill(job, event.task);
    case 'accept':
      return onAccept(job);
    case 'defer':
    case 'reject':
      // A late one is told to the engine too: it may offer the job here again from now on.
      if (job?.at !== 'offered' && job?.at !== 'withdrawn') return to(job);
      return to(null, { effect: 'decline', how: event.event });
    case 'status':
      if (job?.at !== 'running' || event.ending === null) return to(job);
      return to({ at: 'ended', assignment: job.assignment, ending: event.ending }, { effect: 'await-results' });
    case 'results':
    case 'no-results':
      return job?.at === 'ended' ? to(null, { effect: 'end', assignment: job.assignment, ending: job.ending }) : to(job);
    case 'accepted':
      return onAccepted(job, event.assignment);
    case 'void':
      return job?.at === 'accepting' ? sentAway(job.assignment, 'room-undo') : to(job);
    default:
      return unreachable(event);
  }
}

function onKill(job: WorkerJob | null, task: Task): WorkerJobStep {
  if (job?.at === 'accepting') return to({ ...job, kill: task });
  // One that has ended is about to be reported: there is nothing left to kill.
  if (job?.at !== 'running') return to(job);
  return to(job, { effect: 'kill', assignment: job.assignment, task });
}

function onAccept(job: WorkerJob | null): WorkerJobStep {
  if (job === null) return to(null, { effect: 'withdraw-unknown' });
  switch (job.at) {
    case 'offered':
      return to({ at: 'accepting', assignment: job.assignment, kill: null }, { effect: 'accept', assignment: job.assignment });
    case 'withdrawn':
      // Asked all the same: it may have been offered anew, and it must know that the worker has answered.
      return to({ at: 'accepting', assignment: job.assignment, kill: null }, { effect: 'accept', assignment: job.assignment });
    case 'accepting':
    case 'running':
    case 'ended':
      return to(job);
    default:
      return unreachable(job);
  }
}

function onAccepted(job: WorkerJob | null, assignment: Assignment): WorkerJobStep {
  if (job?.at !== 'accepting') return to(job);
  if (job.kill === null) return to({ at: 'running', assignment }, { effect: 'confirm', assignment });
  // Confirming with Canceled would run it (kueue §4.2): it is sent away instead, and its attempt ends without having begun.
  const { effects } = sentAway(assignment, 'room-back');
  return to(null, ...effects, { effect: 'end', assignment, ending: neverStarted });
}

function sentAway(assignment: Assignment, room: 'room-undo' | 'room-back'): WorkerJobStep {
  return to(null, { effect: 'withdraw', assignment }, { effect: room, assignment });
}
