import type { AttemptOutcome } from './attempt.ts';
import type { AttemptNumber, Millis, SessionNumber, WorkerId } from './ids.ts';
import type { JobIntent } from './job.ts';
import { avoidFor, backoffUntil } from './retry.ts';
import {
  type Canceled,
  type Holder,
  isEnded,
  type Reason,
  type RetryPolicy,
  type StopGoal,
  type TaskState,
  type TaskStateName,
  type Waiting,
} from './task.ts';
import { unreachable } from './unreachable.ts';

/** What the machine sees of a task (or of the unclaimed rest of an array). */
export interface TaskCore {
  readonly state: TaskState;
  readonly parentsLeft: number;
  readonly attempt: AttemptNumber;
  readonly failures: number;
  readonly losses: number;
  readonly policy: RetryPolicy;
  /** The job's intent: a task that would be queued again follows it instead. */
  readonly intent: JobIntent;
}

/** Who reports: peers that carry no attempt number leave it null and are fenced by their session alone. */
export interface Fence {
  readonly session: SessionNumber;
  readonly attempt: AttemptNumber | null;
}

export type DeclineHow = 'defer' | 'reject' | 'expire';

export type TaskEvent =
  | { readonly event: 'parent-succeeded' }
  /** A parent ended badly for good. */
  | { readonly event: 'parent-lost' }
  /** A parent that had ended badly is tried again. */
  | { readonly event: 'revive' }
  /** `notBefore` has come. */
  | { readonly event: 'due' }
  | { readonly event: 'hold' }
  | { readonly event: 'release' }
  | { readonly event: 'claim'; readonly holder: Holder }
  | { readonly event: 'offer'; readonly holder: Holder; readonly deadline: Millis | null }
  | { readonly event: 'accept'; readonly session: SessionNumber }
  | { readonly event: 'decline'; readonly session: SessionNumber; readonly how: DeclineHow }
  | { readonly event: 'suspend' }
  | { readonly event: 'resume' }
  | { readonly event: 'succeed'; readonly by: Fence }
  | {
      readonly event: 'fail';
      readonly by: Fence;
      readonly reason: Reason;
      /** Workers left that could run it; counted only with policy `distinct`, else null. */
      readonly candidates: number | null;
      /** 0 ≤ dice < 1, for the jitter. */
      readonly dice: number;
    }
  /** The worker or its session is gone for good. */
  | { readonly event: 'lose'; readonly candidates: number | null }
  /** The worker hands the attempt back unharmed (shutdown, missing directory, asked to). */
  | {
      readonly event: 'give-back';
      readonly by: Fence;
      readonly how: 'free' | 'defer' | 'reject';
      readonly candidates: number | null;
    }
  /** Without `kill` only what has not started is stopped. */
  | { readonly event: 'stop'; readonly goal: StopGoal; readonly reason: Reason; readonly kill: boolean }
  /** The worker did not report the end of a stop in time. */
  | { readonly event: 'force'; readonly candidates: number | null }
  | { readonly event: 'retry' };

export type TaskEventName = TaskEvent['event'];

export type TaskEffect =
  /** The attempt is over: how. */
  | { readonly effect: 'attempt-ended'; readonly outcome: AttemptOutcome; readonly reason: Reason | null }
  /** Tell the holder that its offer is void; remember it, so that a late answer is understood. */
  | { readonly effect: 'withdraw'; readonly holder: Holder }
  | { readonly effect: 'kill'; readonly holder: Holder }
  | { readonly effect: 'tell-suspend'; readonly holder: Holder }
  | { readonly effect: 'tell-resume'; readonly holder: Holder }
  /** Do not give it to this worker (this session only, if named) until then; null: never again. */
  | {
      readonly effect: 'avoid';
      readonly worker: WorkerId;
      readonly session: SessionNumber | null;
      readonly until: Millis | null;
      readonly why: 'rejected' | 'deferred' | 'failed';
    }
  /** With policy `distinct`: one failure more on this worker's account. */
  | { readonly effect: 'blame'; readonly worker: WorkerId }
  | { readonly effect: 'children'; readonly tell: 'parent-succeeded' | 'parent-lost' | 'revive' };

export interface TaskStep {
  readonly state: TaskState;
  readonly parentsLeft: number;
  readonly attempt: AttemptNumber;
  readonly failures: number;
  readonly losses: number;
  readonly effects: readonly TaskEffect[];
}

/**
 * Why a step is refused. `stale`: the reporter does not hold this attempt. `void`: there is no such offer any more.
 * `running`: it has started and `kill` was not asked. `state`: not possible from this state.
 */
export type TaskRefusal = 'stale' | 'void' | 'running' | 'state';
export type TaskOutcome = { readonly step: TaskStep } | { readonly refusal: TaskRefusal };

/** The moves that exist: from a state, by an event, to these states. Tests, docs and legends are made from it; `stepTask` obeys it. */
export const taskMoves: Readonly<Record<TaskStateName, Partial<Record<TaskEventName, readonly TaskStateName[]>>>> = {
  waiting: {
    'parent-succeeded': ['waiting', 'ready'],
    'parent-lost': ['canceled'],
    due: ['waiting', 'ready'],
    hold: ['waiting'],
    release: ['waiting', 'ready'],
    stop: ['waiting', 'canceled', 'failed'],
  },
  ready: {
    claim: ['running'],
    offer: ['offered'],
    hold: ['waiting'],
    stop: ['ready', 'canceled', 'failed'],
    'parent-lost': ['canceled'],
  },
  offered: {
    accept: ['running'],
    decline: ['ready', 'waiting', 'canceled'],
    lose: ['ready', 'waiting', 'canceled'],
    hold: ['waiting'],
    stop: ['ready', 'waiting', 'canceled', 'failed'],
  },
  running: {
    suspend: ['suspended'],
    succeed: ['succeeded'],
    fail: ['ready', 'waiting', 'failed', 'canceled'],
    lose: ['ready', 'waiting', 'failed', 'canceled'],
    'give-back': ['ready', 'waiting', 'canceled'],
    stop: ['stopping'],
  },
  suspended: {
    resume: ['running'],
    succeed: ['succeeded'],
    fail: ['ready', 'waiting', 'failed', 'canceled'],
    lose: ['ready', 'waiting', 'failed', 'canceled'],
    'give-back': ['ready', 'waiting', 'canceled'],
    stop: ['stopping'],
  },
  stopping: {
    succeed: ['canceled', 'ready', 'waiting', 'failed'],
    fail: ['canceled', 'ready', 'waiting', 'failed'],
    lose: ['canceled', 'ready', 'waiting', 'failed'],
    'give-back': ['canceled', 'ready', 'waiting', 'failed'],
    force: ['canceled', 'ready', 'waiting', 'failed'],
    stop: ['stopping'],
  },
  succeeded: { retry: ['waiting', 'ready'] },
  failed: { retry: ['waiting', 'ready'], 'parent-succeeded': ['failed'] },
  canceled: { retry: ['waiting', 'ready'], revive: ['waiting', 'ready'], 'parent-succeeded': ['canceled'] },
};

const ready: TaskState = { state: 'ready' };

/** A waiting task with nothing left to wait for is ready. */
function settle(waiting: Waiting, parentsLeft: number): TaskState {
  return waiting.held || parentsLeft > 0 || waiting.notBefore !== null ? waiting : ready;
}

/** How a task (or the rest of an array) begins. */
export function initialTaskState(of: {
  held: boolean;
  notBefore: Millis | null;
  parentsLeft: number;
}): Waiting | { readonly state: 'ready' } {
  const state = settle({ state: 'waiting', held: of.held, notBefore: of.notBefore }, of.parentsLeft);
  return state.state === 'waiting' ? state : { state: 'ready' };
}

/** Where a task goes that is to be queued again: the job's intent decides first. */
function queued(core: TaskCore, notBefore: Millis | null, now: Millis): TaskState {
  switch (core.intent) {
    case 'cancel':
    case 'delete':
      return { state: 'canceled', reason: 'user', at: now };
    case 'hold':
      return { state: 'waiting', held: true, notBefore };
    // Nothing of a job that is being taken in can be claimed: its intent alone keeps claims away.
    case 'building':
    case 'none':
      return settle({ state: 'waiting', held: false, notBefore }, core.parentsLeft);
    default:
      return unreachable(core.intent);
  }
}

/** What has ended comes back only into a job that is not being canceled: there it would be canceled a second time. */
function mayReturn(intent: JobIntent): boolean {
  return intent !== 'cancel' && intent !== 'delete';
}

type Changes = Partial<Omit<TaskStep, 'effects'>>;

function to(core: TaskCore, changes: Changes, effects: TaskEffect[] = []): TaskOutcome {
  const { state, parentsLeft, attempt, failures, losses } = core;
  const next = { state, parentsLeft, attempt, failures, losses, ...changes };
  const all = next.state === state ? effects : [...effects, ...childrenOf(state, next.state)];
  return { step: { ...next, effects: all } };
}

function childrenOf(from: TaskState, next: TaskState): TaskEffect[] {
  if (next.state === 'succeeded') return [{ effect: 'children', tell: 'parent-succeeded' }];
  if (next.state === 'failed' || next.state === 'canceled') return [{ effect: 'children', tell: 'parent-lost' }];
  if (from.state === 'failed' || from.state === 'canceled') return [{ effect: 'children', tell: 'revive' }];
  return [];
}

const no = (refusal: TaskRefusal): TaskOutcome => ({ refusal });

function holds(core: TaskCore, holder: Holder, by: Fence): boolean {
  return holder.session === by.session && (by.attempt === null || by.attempt === core.attempt);
}

/** Moves a task by one event. Total: every state answers every event with a step or a refusal. */
export function stepTask(core: TaskCore, event: TaskEvent, now: Millis): TaskOutcome {
  const { state } = core;
  switch (event.event) {
    case 'parent-succeeded':
      return onParentSucceeded(core);
    case 'parent-lost':
      return state.state === 'waiting' || state.state === 'ready'
        ? to(core, { state: { state: 'canceled', reason: 'dependency', at: now } })
        : no('state');
    case 'revive':
      return state.state === 'canceled' && state.reason === 'dependency' && mayReturn(core.intent)
        ? to(core, { state: queued(core, null, now), failures: 0, losses: 0 })
        : no('state');
    case 'due':
      return state.state === 'waiting' && state.notBefore !== null && state.notBefore <= now
        ? to(core, { state: settle({ ...state, notBefore: null }, core.parentsLeft) })
        : no('state');
    case 'hold':
      return onHold(core);
    case 'release':
      return state.state === 'waiting' ? to(core, { state: settle({ ...state, held: false }, core.parentsLeft) }) : no('state');
    case 'claim':
      return state.state === 'ready'
        ? to(core, { state: { state: 'running', ...event.holder }, attempt: core.attempt + 1 })
        : no('state');
    case 'offer':
      return state.state === 'ready'
        ? to(core, { state: { state: 'offered', ...event.holder, deadline: event.deadline } })
        : no('state');
    case 'accept':
      if (state.state !== 'offered' || state.session !== event.session) return no('void');
      return to(core, {
        state: { state: 'running', worker: state.worker, session: state.session },
        attempt: core.attempt + 1,
      });
    case 'decline':
      return onDecline(core, event, now);
    case 'suspend':
      if (state.state !== 'running') return no('state');
      return to(core, { state: { ...state, state: 'suspended' } }, [{ effect: 'tell-suspend', holder: state }]);
    case 'resume':
      if (state.state !== 'suspended') return no('state');
      return to(core, { state: { ...state, state: 'running' } }, [{ effect: 'tell-resume', holder: state }]);
    case 'succeed':
    case 'fail':
    case 'give-back':
      return onReport(core, event, now);
    case 'lose':
      return onLose(core, event.candidates, now);
    case 'stop':
      return onStop(core, event, now);
    case 'force':
      return state.state === 'stopping'
        ? reachGoal(core, state, { outcome: 'lost', reason: 'worker-lost' }, event.candidates, now)
        : no('state');
    case 'retry':
      return isEnded(state) && mayReturn(core.intent)
        ? to(core, { state: queued(core, null, now), failures: 0, losses: 0 })
        : no('state');
    default:
      return unreachable(event);
  }
}

function onParentSucceeded(core: TaskCore): TaskOutcome {
  const { state } = core;
  const parentsLeft = Math.max(0, core.parentsLeft - 1);
  if (state.state === 'waiting') return to(core, { parentsLeft, state: settle(state, parentsLeft) });
  if (state.state === 'canceled' || state.state === 'failed') return to(core, { parentsLeft });
  return no('state');
}

function onHold(core: TaskCore): TaskOutcome {
  const { state } = core;
  const held: Waiting = { state: 'waiting', held: true, notBefore: null };
  if (state.state === 'waiting') return to(core, { state: { ...state, held: true } });
  if (state.state === 'ready') return to(core, { state: held });
  if (state.state === 'offered') return to(core, { state: held }, [{ effect: 'withdraw', holder: state }]);
  return no('state');
}

function onDecline(core: TaskCore, event: TaskEvent & { event: 'decline' }, now: Millis): TaskOutcome {
  const { state } = core;
  if (state.state !== 'offered' || state.session !== event.session) return no('void');
  const effects: TaskEffect[] = [];
  const { worker, session } = state;
  if (event.how === 'reject') effects.push({ effect: 'avoid', worker, session, until: null, why: 'rejected' });
  if (event.how === 'defer') effects.push({ effect: 'avoid', worker, session, until: null, why: 'deferred' });
  if (event.how === 'expire') effects.push({ effect: 'withdraw', holder: state });
  return to(core, { state: queued(core, null, now) }, effects);
}

type Report = TaskEvent & { event: 'succeed' | 'fail' | 'give-back' };

/** The holder says that the attempt is over. While stopping, whatever it says leads to the goal. */
function onReport(core: TaskCore, event: Report, now: Millis): TaskOutcome {
  const { state } = core;
  if (state.state !== 'running' && state.state !== 'suspended' && state.state !== 'stopping') return no('stale');
  if (!holds(core, state, event.by)) return no('stale');
  if (state.state === 'stopping') {
    return reachGoal(core, state, reported(event), 'candidates' in event ? event.candidates : null, now);
  }
  switch (event.event) {
    case 'succeed':
      return to(core, { state: { state: 'succeeded' } }, [ended('succeeded', null)]);
    case 'fail':
      return failed(core, state, event.reason, event.candidates, event.dice, now, ended('failed', event.reason));
    case 'give-back': {
      const { worker, session } = state;
      const effects: TaskEffect[] = [ended('given-back', null)];
      if (event.how === 'reject') effects.push({ effect: 'avoid', worker, session, until: null, why: 'rejected' });
      if (event.how === 'defer') effects.push({ effect: 'avoid', worker, session, until: null, why: 'deferred' });
      return to(core, { state: queued(core, null, now) }, effects);
    }
    default:
      return unreachable(event);
  }
}

const ended = (outcome: AttemptOutcome, reason: Reason | null): TaskEffect => ({ effect: 'attempt-ended', outcome, reason });

function reported(event: Report): { outcome: AttemptOutcome; reason: Reason | null } {
  if (event.event === 'succeed') return { outcome: 'succeeded', reason: null };
  if (event.event === 'fail') return { outcome: 'failed', reason: event.reason };
  return { outcome: 'given-back', reason: null };
}

/** One failure more: tried again within the budget, somewhere fitting, after a back-off. */
function failed(
  core: TaskCore,
  holder: Holder,
  reason: Reason,
  candidates: number | null,
  dice: number,
  now: Millis,
  over: TaskEffect,
): TaskOutcome {
  const failures = core.failures + 1;
  const { policy } = core;
  const effects: TaskEffect[] = [over];
  if (policy.on === 'distinct') effects.push({ effect: 'blame', worker: holder.worker });
  if (failures > policy.retries) return to(core, { state: { state: 'failed', reason }, failures }, effects);
  if (policy.on === 'distinct') {
    effects.push({ effect: 'avoid', worker: holder.worker, session: null, until: null, why: 'failed' });
    if (candidates === 0) return to(core, { state: { state: 'failed', reason: 'no-candidate' }, failures }, effects);
    return to(core, { state: queued(core, null, now), failures }, effects);
  }
  const notBefore = backoffUntil(policy.backoffMs, failures, dice, now);
  const until = (notBefore ?? now) + avoidFor;
  effects.push({ effect: 'avoid', worker: holder.worker, session: null, until, why: 'failed' });
  return to(core, { state: queued(core, notBefore, now), failures }, effects);
}

function onLose(core: TaskCore, candidates: number | null, now: Millis): TaskOutcome {
  const { state } = core;
  if (state.state === 'offered') return to(core, { state: queued(core, null, now) });
  if (state.state === 'stopping') {
    return reachGoal(core, state, { outcome: 'lost', reason: 'worker-lost' }, candidates, now);
  }
  if (state.state !== 'running' && state.state !== 'suspended') return no('state');
  const losses = core.losses + 1;
  const effects = [ended('lost', 'worker-lost')];
  if (core.policy.onLoss === 'fail' || losses > core.policy.maxLosses) {
    return to(core, { state: { state: 'failed', reason: 'worker-lost' }, losses }, effects);
  }
  // What nobody has failed yet waits for whoever comes next.
  if (core.policy.on === 'distinct' && core.failures > 0 && candidates === 0) {
    return to(core, { state: { state: 'failed', reason: 'no-candidate' }, losses }, effects);
  }
  return to(core, { state: queued(core, null, now), losses }, effects);
}

function onStop(core: TaskCore, event: TaskEvent & { event: 'stop' }, now: Millis): TaskOutcome {
  const { state } = core;
  const { goal, reason } = event;
  switch (state.state) {
    case 'waiting':
    case 'ready':
      return to(core, { state: goal === 'requeue' ? state : finalOf(goal, reason, now) });
    case 'offered':
      return to(core, { state: goal === 'requeue' ? queued(core, null, now) : finalOf(goal, reason, now) }, [
        { effect: 'withdraw', holder: state },
      ]);
    case 'running':
    case 'suspended': {
      if (!event.kill) return no('running');
      const { worker, session } = state;
      return to(core, { state: { state: 'stopping', worker, session, goal, reason, since: now } }, [
        { effect: 'kill', holder: state },
      ]);
    }
    case 'stopping':
      // A cancel wins over a requeue or a time-out under way; nothing takes a cancel back.
      if (goal !== 'canceled' || state.goal === 'canceled') return no('state');
      return to(core, { state: { ...state, goal, reason, since: now } });
    case 'succeeded':
    case 'failed':
    case 'canceled':
      return no('state');
    default:
      return unreachable(state);
  }
}

function finalOf(goal: 'canceled' | 'failed', reason: Reason, now: Millis): TaskState {
  return goal === 'failed' ? { state: 'failed', reason } : ({ state: 'canceled', reason, at: now } satisfies Canceled);
}

/** The stopped attempt is over, however it ended. */
function reachGoal(
  core: TaskCore,
  stopping: TaskState & { state: 'stopping' },
  report: { outcome: AttemptOutcome; reason: Reason | null },
  candidates: number | null,
  now: Millis,
): TaskOutcome {
  // What really happened stays on the attempt: a success under a cancel is kept as a success of the attempt.
  const outcome = report.outcome === 'failed' || report.outcome === 'given-back' ? 'stopped' : report.outcome;
  const over = ended(outcome, stopping.reason);
  switch (stopping.goal) {
    case 'canceled':
      return to(core, { state: { state: 'canceled', reason: stopping.reason, at: stopping.since } }, [over]);
    case 'requeue':
      return to(core, { state: queued(core, null, now) }, [over]);
    case 'failed':
      // A run or silence time-out: it counts against the failures like any other. The middle of the jitter is good enough here.
      return failed(core, stopping, stopping.reason, candidates, 0.5, now, over);
    default:
      return unreachable(stopping.goal);
  }
}
