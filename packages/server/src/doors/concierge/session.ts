import { unreachable } from '../../domain/unreachable.ts';
import { type Close, closeCodes } from './codes.ts';
import type { Introduction } from './identify.ts';

/** The life of one connection (concierge §2, §3). `P`: its place among the others, once it has one. What it says there is the table's matter. */
export type Session<P> =
  | { readonly name: 'greeting' }
  /** It said who it is; whether the name is free is being found out. */
  | { readonly name: 'claiming'; readonly introduction: Introduction }
  | { readonly name: 'live'; readonly place: P }
  | { readonly name: 'over' };

export type SessionEvent<P> =
  | { readonly event: 'text'; readonly text: string }
  | { readonly event: 'binary' }
  | { readonly event: 'introduced'; readonly introduction: Introduction }
  | { readonly event: 'refused'; readonly close: Close }
  /** The name is nobody's. */
  | { readonly event: 'free' }
  /** Whoever has the name was asked whether it is there. */
  | { readonly event: 'probed'; readonly alive: boolean }
  /** It has a place: a new one, or its old one. */
  | { readonly event: 'seated'; readonly place: P }
  /** A failure of ours. */
  | { readonly event: 'failed' }
  /** We end it. */
  | { readonly event: 'ended'; readonly close: Close }
  /** The line is gone. `broken`: without a good-bye, so it may come back. */
  | { readonly event: 'gone'; readonly broken: boolean };

export type SessionEffect<P> =
  /** As an introduction. */
  | { readonly effect: 'read'; readonly text: string }
  /** As a message of the table. */
  | { readonly effect: 'serve'; readonly place: P; readonly text: string }
  | { readonly effect: 'apologise' }
  /** The time for an introduction runs no more. */
  | { readonly effect: 'in-time' }
  /** Find out whether the name is free. */
  | { readonly effect: 'claim'; readonly introduction: Introduction }
  | { readonly effect: 'admit'; readonly introduction: Introduction }
  | { readonly effect: 'count-refusal'; readonly close: Close }
  /** Nothing is heard of it any more. `keep`: it may come back to its place. */
  | { readonly effect: 'depart'; readonly place: P | null; readonly keep: boolean }
  | { readonly effect: 'close'; readonly close: Close };

export interface SessionStep<P> {
  readonly session: Session<P>;
  readonly effects: readonly SessionEffect<P>[];
}

export const newSession = { name: 'greeting' } as const;
const over = { name: 'over' } as const;

function to<P>(session: Session<P>, ...effects: SessionEffect<P>[]): SessionStep<P> {
  return { session, effects };
}

/** Total: every session answers every event. */
export function stepSession<P>(session: Session<P>, event: SessionEvent<P>): SessionStep<P> {
  if (session.name === 'over') return inOver(event);
  const place = session.name === 'live' ? session.place : null;
  if (event.event === 'gone') return to<P>(over, { effect: 'depart', place, keep: event.broken });
  if (event.event === 'ended') return end(place, event.close);
  if (event.event === 'refused') return refuse(place, event.close);
  switch (session.name) {
    case 'greeting':
      return inGreeting(session, event);
    case 'claiming':
      return inClaiming(session, event);
    case 'live':
      if (event.event === 'text') return to(session, { effect: 'serve', place: session.place, text: event.text });
      return event.event === 'failed' ? to<P>(session, { effect: 'apologise' }) : to(session);
    default:
      return unreachable(session);
  }
}

/** A place that it got too late is given up at once. */
function inOver<P>(event: SessionEvent<P>): SessionStep<P> {
  return event.event === 'seated' ? to<P>(over, { effect: 'depart', place: event.place, keep: false }) : to<P>(over);
}

function inGreeting<P>(session: Session<P>, event: SessionEvent<P>): SessionStep<P> {
  switch (event.event) {
    case 'text':
      return to(session, { effect: 'read', text: event.text });
    case 'binary':
      return refuse<P>(null, closeCodes.noAuth);
    case 'introduced': {
      const { introduction } = event;
      // It identified itself in time; what is left is not its doing.
      return to<P>({ name: 'claiming', introduction }, { effect: 'in-time' }, { effect: 'claim', introduction });
    }
    case 'seated':
      return to<P>({ name: 'live', place: event.place }, { effect: 'in-time' });
    case 'failed':
      return end<P>(null, closeCodes.unknown);
    default:
      return to(session);
  }
}

function inClaiming<P>(session: Session<P> & { name: 'claiming' }, event: SessionEvent<P>): SessionStep<P> {
  const { introduction } = session;
  switch (event.event) {
    case 'free':
      return to<P>(session, { effect: 'admit', introduction });
    case 'probed':
      // The connection is given up; its place may still be kept for it, and is asked for next.
      return event.alive ? refuse<P>(null, closeCodes.duplicateAuth) : to<P>(session, { effect: 'claim', introduction });
    case 'seated':
      return to<P>({ name: 'live', place: event.place });
    case 'failed':
      return end<P>(null, closeCodes.unknown);
    default:
      return to<P>(session);
  }
}

function refuse<P>(place: P | null, close: Close): SessionStep<P> {
  const { session, effects } = end(place, close);
  return to(session, { effect: 'count-refusal', close }, ...effects);
}

/** One that fell silent may come back; all others were told why they may not stay. */
function end<P>(place: P | null, close: Close): SessionStep<P> {
  const keep = close.code === closeCodes.heartbeatFailed.code;
  return to<P>(over, { effect: 'depart', place, keep }, { effect: 'close', close });
}
