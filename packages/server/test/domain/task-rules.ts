import { avoidFor } from '../../src/domain/retry.ts';
import { isEnded, isRunningLike, type TaskStateName } from '../../src/domain/task.ts';
import { type TaskEffect, type TaskEventName, taskMoves } from '../../src/domain/task-machine.ts';
import { attempt, type Case, holder, now } from './task-cases.ts';

/** True: the rule holds for this case. Each rule says one thing about every step of the machine, in its own words. */
export type Rule = (one: Case) => boolean;

const effectOf = <E extends TaskEffect['effect']>({ outcome }: Case, effect: E): (TaskEffect & { effect: E }) | null =>
  'step' in outcome
    ? ((outcome.step.effects.find((one) => one.effect === effect) ?? null) as (TaskEffect & { effect: E }) | null)
    : null;

const stepped = ({ outcome }: Case) => ('step' in outcome ? outcome.step : null);
const nextName = (one: Case): TaskStateName | null => stepped(one)?.state.state ?? null;
const implies = (a: boolean, b: boolean): boolean => !a || b;
const isReport = (event: TaskEventName): boolean => event === 'succeed' || event === 'fail' || event === 'give-back';

function fenceHolds({ event }: Case): boolean {
  if ('by' in event) return event.by.session === holder.session && (event.by.attempt === null || event.by.attempt === attempt);
  return 'session' in event && event.session === holder.session;
}

/** The step ends a live attempt. */
const endsAttempt = (one: Case): boolean => {
  const step = stepped(one);
  return step !== null && isRunningLike(one.core.state) && !isRunningLike(step.state);
};

/** The step puts something back into the queue that had left it: the job's intent decides where it goes. */
const comesBack = (one: Case): boolean =>
  stepped(one) !== null && (endsAttempt(one) || ['decline', 'retry', 'revive'].includes(one.event.event) || isOfferLost(one));
const isOfferLost = ({ core, event }: Case): boolean => core.state.state === 'offered' && event.event === 'lose';

/** Does this step spend one failure (one loss)? In the words of the design, not of the code. */
const failsOnce = ({ core, event }: Case): boolean =>
  core.state.state === 'stopping' ? core.state.goal === 'failed' && event.event !== 'stop' : event.event === 'fail';
const losesOnce = ({ core, event }: Case): boolean =>
  (core.state.state === 'running' || core.state.state === 'suspended') && event.event === 'lose';
const startsAnew = ({ event }: Case): boolean => event.event === 'retry' || event.event === 'revive';

export const rules: Readonly<Record<string, Rule>> = {
  'a step leads where the table says': (one) => {
    const next = nextName(one);
    return next === null || (taskMoves[one.core.state.state][one.event.event] ?? []).includes(next);
  },
  'what the table does not name is refused': (one) =>
    implies(taskMoves[one.core.state.state][one.event.event] === undefined, stepped(one) === null),

  'a report with a wrong fence is stale and changes nothing': (one) =>
    implies(isReport(one.event.event) && !fenceHolds(one), 'refusal' in one.outcome && one.outcome.refusal === 'stale'),
  'a report with a right fence is always heard': (one) =>
    implies(isReport(one.event.event) && fenceHolds(one), (stepped(one) !== null) === isRunningLike(one.core.state)),
  'an answer to an offer that does not stand is void': (one) =>
    implies(
      (one.event.event === 'accept' || one.event.event === 'decline') && (one.core.state.state !== 'offered' || !fenceHolds(one)),
      'refusal' in one.outcome && one.outcome.refusal === 'void',
    ),
  'a stop without kill leaves what runs alone': (one) =>
    implies(
      one.event.event === 'stop' &&
        !one.event.kill &&
        (one.core.state.state === 'running' || one.core.state.state === 'suspended'),
      'refusal' in one.outcome && one.outcome.refusal === 'running',
    ),

  'attempt-ended exactly when a live attempt is left': (one) => (effectOf(one, 'attempt-ended') !== null) === endsAttempt(one),
  'children hear of every end and of every return': (one) => {
    const step = stepped(one);
    const told = effectOf(one, 'children')?.tell ?? null;
    if (step === null || step.state === one.core.state) return told === null;
    if (step.state.state === 'succeeded') return told === 'parent-succeeded';
    if (isEnded(step.state)) return told === 'parent-lost';
    const wasLost = one.core.state.state === 'failed' || one.core.state.state === 'canceled';
    return told === (wasLost ? 'revive' : null);
  },
  'an offer is withdrawn exactly when it ends by nobody answering or by our own will': (one) => {
    const step = stepped(one);
    const byUs = ['hold', 'stop'].includes(one.event.event) || (one.event.event === 'decline' && one.event.how === 'expire');
    const expected = step !== null && one.core.state.state === 'offered' && byUs;
    return (effectOf(one, 'withdraw') !== null) === expected;
  },
  'kill exactly on entering stopping': (one) =>
    (effectOf(one, 'kill') !== null) === (nextName(one) === 'stopping' && one.core.state.state !== 'stopping'),
  'suspend and resume are told to the holder': (one) =>
    (effectOf(one, 'tell-suspend') !== null) === (nextName(one) === 'suspended') &&
    (effectOf(one, 'tell-resume') !== null) === (one.core.state.state === 'suspended' && nextName(one) === 'running'),
  'effects name the worker that holds it': (one) => {
    const { state } = one.core;
    const named = (stepped(one)?.effects ?? []).flatMap((effect) =>
      'holder' in effect ? [effect.holder.worker] : effect.effect === 'avoid' ? [effect.worker] : [],
    );
    return named.every((worker) => 'worker' in state && worker === state.worker);
  },
  'no effect twice': (one) => {
    const kinds = (stepped(one)?.effects ?? []).map(({ effect }) => effect);
    return new Set(kinds).size === kinds.length;
  },

  'the attempt number grows by one when running begins from the queue, else never': (one) => {
    const step = stepped(one);
    const { state } = one.core;
    const begins = step?.state.state === 'running' && (state.state === 'ready' || state.state === 'offered');
    return step === null || step.attempt === one.core.attempt + (begins ? 1 : 0);
  },
  'what begins is held by who took it': (one) => {
    const next = stepped(one)?.state;
    if (next === undefined || !('worker' in next)) return true;
    return next.worker === holder.worker && next.session === holder.session;
  },
  'failures count failures only': (one) => {
    const step = stepped(one);
    if (step === null) return true;
    if (startsAnew(one)) return step.failures === 0;
    return step.failures === one.core.failures + (failsOnce(one) ? 1 : 0);
  },
  'losses count losses only': (one) => {
    const step = stepped(one);
    if (step === null) return true;
    if (startsAnew(one)) return step.losses === 0;
    return step.losses === one.core.losses + (losesOnce(one) ? 1 : 0);
  },
  'beyond the failures allowed it is failed, within them never by count alone': (one) => {
    const step = stepped(one);
    if (step === null || !failsOnce(one)) return true;
    if (step.failures > one.core.policy.retries) return step.state.state === 'failed';
    return step.state.state !== 'failed' || step.state.reason === 'no-candidate';
  },
  'a loss beyond the budget, or of a kind that may not be repeated, fails it': (one) => {
    const step = stepped(one);
    if (step === null || !losesOnce(one)) return true;
    const { policy } = one.core;
    const final = policy.onLoss === 'fail' || step.losses > policy.maxLosses;
    return final === (step.state.state === 'failed' && step.state.reason === 'worker-lost');
  },
  'no-candidate exactly where each worker may try once and none is left': (one) => {
    const step = stepped(one);
    if (step === null || one.event.event === 'stop') return true;
    const asked = 'candidates' in one.event && one.event.candidates === 0 && one.core.policy.on === 'distinct';
    // What nobody has failed yet waits for the next worker to come.
    const none = asked && (one.core.failures > 0 || failsOnce(one));
    if (step.state.state === 'failed' && step.state.reason === 'no-candidate') return none;
    return implies(none && endsAttempt(one), step.state.state === 'failed' || !(failsOnce(one) || losesOnce(one)));
  },

  'only a parent that succeeded lowers parentsLeft, never below 0': (one) => {
    const step = stepped(one);
    const { parentsLeft } = one.core;
    if (step === null) return true;
    return step.parentsLeft === (one.event.event === 'parent-succeeded' ? Math.max(0, parentsLeft - 1) : parentsLeft);
  },
  'ready only with nothing left to wait for': (one) =>
    implies(nextName(one) === 'ready' && stepped(one)?.state !== one.core.state, stepped(one)?.parentsLeft === 0),
  'waiting always has something to wait for': (one) => {
    const step = stepped(one);
    if (step?.state.state !== 'waiting' || step.state === one.core.state) return true;
    const { held, notBefore } = step.state;
    return held || notBefore !== null || step.parentsLeft > 0;
  },
  'what comes back follows the intent of its job': (one) => {
    const next = stepped(one)?.state;
    if (next === undefined || !comesBack(one) || next.state === 'failed' || next.state === 'succeeded') return true;
    if (one.core.state.state === 'stopping' && one.core.state.goal === 'canceled') return next.state === 'canceled';
    switch (one.core.intent) {
      case 'cancel':
      case 'delete':
        return next.state === 'canceled';
      case 'hold':
        return next.state === 'waiting' && next.held;
      default:
        return next.state === 'ready' || (next.state === 'waiting' && !next.held);
    }
  },
  'an end is left only by retry or revive, and not in a job that is being canceled': (one) => {
    const step = stepped(one);
    if (step === null || !isEnded(one.core.state) || step.state === one.core.state) return true;
    return startsAnew(one) && one.core.intent !== 'cancel' && one.core.intent !== 'delete';
  },
  'a user may retry whatever has ended': (one) =>
    implies(
      one.event.event === 'retry' && !['cancel', 'delete'].includes(one.core.intent),
      (stepped(one) !== null) === isEnded(one.core.state),
    ),
  'revive touches only what was canceled for a parent': (one) => {
    const { state } = one.core;
    return implies(
      one.event.event === 'revive' && stepped(one) !== null,
      state.state === 'canceled' && state.reason === 'dependency',
    );
  },
  'nothing takes a cancel back': (one) => {
    const { state } = one.core;
    const next = stepped(one)?.state;
    if (state.state !== 'stopping' || state.goal !== 'canceled' || next === undefined) return true;
    return next.state === 'canceled' && next.at === state.since && next.reason === state.reason;
  },
  'whatever ends a stopping attempt leads to its goal': (one) => {
    const { state } = one.core;
    const next = nextName(one);
    if (state.state !== 'stopping' || !endsAttempt(one)) return true;
    if (state.goal === 'canceled') return next === 'canceled';
    const back =
      next === 'ready' || next === 'waiting' || (next === 'canceled' && ['cancel', 'delete'].includes(one.core.intent));
    return back || (state.goal === 'failed' && next === 'failed');
  },
  'a failed attempt keeps the worker away: for good, or until its back-off and half a minute are over': (one) => {
    const step = stepped(one);
    const avoid = effectOf(one, 'avoid');
    if (step === null || !failsOnce(one) || step.failures > one.core.policy.retries) return true;
    if (avoid === null || avoid.why !== 'failed' || avoid.session !== null) return false;
    if (one.core.policy.on === 'distinct') return avoid.until === null;
    const notBefore = step.state.state === 'waiting' ? step.state.notBefore : null;
    // A canceled task has no `notBefore` to compare with; nobody will ever look at its exclusion.
    return step.state.state === 'canceled' || avoid.until === (notBefore ?? now) + avoidFor;
  },
  'a reject or a defer keeps this session away': (one) => {
    const { event } = one;
    if (stepped(one) === null || !('how' in event)) return true;
    const avoid = effectOf(one, 'avoid');
    if (one.core.state.state === 'stopping' || event.how === 'expire' || event.how === 'free')
      return implies(!failsOnce(one), avoid === null);
    const why = event.how === 'reject' ? 'rejected' : 'deferred';
    return avoid?.why === why && avoid.session === holder.session && avoid.until === null;
  },
  'due only when the moment has come': (one) => {
    const { state } = one.core;
    const due = state.state === 'waiting' && state.notBefore !== null && state.notBefore <= now;
    return implies(one.event.event === 'due', (stepped(one) !== null) === due);
  },
  'the outcome kept on the attempt is what happened': (one) => {
    const ended = effectOf(one, 'attempt-ended');
    if (ended === null) return true;
    const stopping = one.core.state.state === 'stopping';
    const expected = { succeed: 'succeeded', fail: 'failed', 'give-back': 'given-back', lose: 'lost', force: 'lost' } as const;
    const plain = expected[one.event.event as keyof typeof expected];
    return ended.outcome === (stopping && (plain === 'failed' || plain === 'given-back') ? 'stopped' : plain);
  },
};
