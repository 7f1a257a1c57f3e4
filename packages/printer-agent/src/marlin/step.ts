import { cancel, endJob, fed, pause, resume } from './job.ts';
import { close, greet, timeOfLife } from './life.ts';
import { numbered } from './lines.ts';
import { hear } from './listen.ts';
import type { Draft, Effect, Machine, MarlinEvent, Options } from './machine.ts';
import { machineLimits } from './machine.ts';
import { firstModes } from './modes.ts';
import { heatersOff } from './scripts.ts';
import { pollDue, speak } from './speak.ts';
import { freshWire, giveUpStrays, isDead, probe, probeDue, straysDue } from './wire.ts';

/** One printer that nobody has connected yet. `unsafe`: why its heaters may be on, from an earlier life of ours. */
export function newMachine(options: Options, unsafe: string | null, now: number): Machine {
  return {
    options,
    life: { is: 'closed' },
    wire: freshWire(now),
    script: [],
    asked: [],
    said: [],
    job: null,
    temperatures: {},
    temperaturesAt: now,
    polledAt: now,
    autoReport: false,
    firmware: null,
    unsafe,
    lastError: null,
  };
}

export interface Stepped {
  readonly machine: Machine;
  readonly effects: readonly Effect[];
}

/** The whole dialogue with one printer (printerlynx §6): what happened, and what is to be done about it. Pure. */
export function step(machine: Machine, event: MarlinEvent, now: number): Stepped {
  const draft: Draft = { ...machine, now, effects: [] };
  take(draft, event);
  speak(draft);
  const { now: _, effects, ...next } = draft;
  return { machine: next, effects };
}

function take(draft: Draft, event: MarlinEvent): void {
  switch (event.is) {
    case 'opened':
      draft.life = { is: 'booting', until: draft.now + draft.options.bootMs };
      draft.wire = freshWire(draft.now);
      return;
    case 'lost':
      close(draft, event.why, null);
      return;
    case 'line':
      hear(draft, event.text);
      return;
    case 'time':
      time(draft);
      return;
    case 'ask':
      ask(draft, event.id, event.text);
      return;
    case 'emergency':
      emergency(draft);
      return;
    case 'print':
      print(draft);
      return;
    case 'fed':
      fed(draft, event.line);
      return;
    case 'broken':
      cancel(draft, { result: 'failed', message: event.why });
      return;
    case 'pause':
      pause(draft);
      return;
    case 'resume':
      resume(draft);
      return;
    case 'cancel':
      cancel(draft, { result: 'cancelled', message: null });
      return;
  }
}

function ask(draft: Draft, id: string, text: string): void {
  if (draft.life.is !== 'ready') draft.effects.push({ do: 'refused', id, why: 'Printer is unavailable' });
  else if (draft.asked.length >= machineLimits.asked)
    draft.effects.push({ do: 'refused', id, why: 'Too many commands are waiting' });
  else draft.asked = [...draft.asked, { id, text }];
}

function print(draft: Draft): void {
  if (draft.life.is !== 'ready' || draft.job !== null) return;
  draft.job = {
    state: 'printing',
    asked: false,
    fedAll: false,
    offset: 0,
    modes: firstModes,
    parked: null,
    byPrinter: false,
    pausedAt: null,
    message: null,
    next: null,
    ending: null,
  };
  draft.lastError = null;
}

/** §6.2.8: bare and at once, past every queue; numbered, should the bare one be refused; then cold; then closed. */
function emergency(draft: Draft): void {
  if (draft.life.is === 'closed') return;
  draft.effects.push({ do: 'write', text: 'M112\n' });
  const text = numbered(draft.wire.sent + 1, 'M112');
  const off = heatersOff(draft.temperatures).map((command) => `${command}\n`);
  draft.effects.push({ do: 'write', text: [text, ...off].join('') });
  endJob(draft, 'failed', 'Emergency stop');
  draft.unsafe = 'an emergency stop';
  close(draft, 'Emergency stop', 'later');
}

function time(draft: Draft): void {
  if (timeOfLife(draft)) return;
  const strays = straysDue(draft.wire);
  if (strays !== null && strays <= draft.now) draft.wire = giveUpStrays(draft.wire);
  if (probeDue(draft.wire) > draft.now) return;
  if (isDead(draft.wire)) {
    if (draft.life.is === 'asking') greet(draft, 1);
    else close(draft, 'The printer does not answer any more', 'now');
    return;
  }
  const { wire, text } = probe(draft.wire, draft.now);
  draft.wire = wire;
  draft.effects.push({ do: 'write', text });
}

/** When `time` must be said; null: never. */
export function wakeAt(machine: Machine): number | null {
  const { life, wire } = machine;
  switch (life.is) {
    case 'closed':
    case 'halted':
      return null;
    case 'booting':
    case 'settling':
    case 'greeting':
      return life.until;
    case 'asking':
    case 'ready':
      return Math.min(probeDue(wire), straysDue(wire) ?? Number.POSITIVE_INFINITY, pollDue(machine) ?? Number.POSITIVE_INFINITY);
  }
}
