import { unreachable } from './unreachable.ts';
import type { WorkerGate } from './worker.ts';

export type GateEvent =
  /** Whatever became of it: what it left may lie there still. */
  | 'attempt-over'
  /** A person has looked. */
  | 'open'
  /** A person has seen that it is not clear. */
  | 'close'
  /** A person starts something on it by hand: that is a word that it is clear. */
  | 'start'
  /** From now on it has one. */
  | 'fit'
  | 'remove';

/** The moves of a gate: one that is fitted is closed until somebody has looked. Tests, docs and legends are made from it. */
export const gateMoves: Readonly<Record<WorkerGate, Readonly<Record<GateEvent, WorkerGate>>>> = {
  none: { 'attempt-over': 'none', open: 'none', close: 'none', start: 'none', fit: 'closed', remove: 'none' },
  open: { 'attempt-over': 'closed', open: 'open', close: 'closed', start: 'open', fit: 'open', remove: 'none' },
  closed: { 'attempt-over': 'closed', open: 'open', close: 'closed', start: 'open', fit: 'closed', remove: 'none' },
};

/** What is under way cannot be clear yet: then a person's word that it is would be about the task before. */
export function stepGate(gate: WorkerGate, event: GateEvent, holding: number): WorkerGate | 'busy' {
  switch (event) {
    case 'open':
      return holding > 0 && gate !== 'none' ? 'busy' : gateMoves[gate].open;
    case 'attempt-over':
    case 'close':
    case 'start':
    case 'fit':
    case 'remove':
      return gateMoves[gate][event];
    default:
      return unreachable(event);
  }
}
