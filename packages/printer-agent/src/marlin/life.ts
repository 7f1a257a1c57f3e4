import { endJob } from './job.ts';
import { type Draft, type Effect, machineLimits } from './machine.ts';
import { describeScript, reportScript, safeScript } from './scripts.ts';
import { someHeaterOn, turnedOff } from './temperatures.ts';
import { freshWire, writeNew } from './wire.ts';

/** Begins the dialogue anew: `N0 M110 N0*125` until `ok` (printerlynx §6.2.2). */
export function greet(draft: Draft, tries: number): void {
  const { keepsAlive } = draft.wire;
  const { wire, text } = writeNew(
    { ...freshWire(draft.now), keepsAlive },
    'M110 N0',
    { of: 'script', next: 'greeted' },
    draft.now,
  );
  draft.wire = wire;
  draft.script = [];
  draft.life = { is: 'greeting', until: draft.now + machineLimits.greetMs, tries };
  draft.effects.push({ do: 'write', text });
}

/** It knows our numbers now. Heaters that nobody watched are the first thing (§6.2.9). */
export function greeted(draft: Draft): void {
  draft.life = { is: 'asking' };
  draft.autoReport = false;
  draft.script = [...(draft.unsafe === null ? [] : safeScript(draft.temperatures)), ...describeScript];
}

export function madeSafe(draft: Draft): void {
  draft.lastError = `The heaters were turned off: ${draft.unsafe ?? 'nobody watched them'}`;
  draft.unsafe = null;
  draft.temperatures = turnedOff(draft.temperatures);
  draft.effects.push({ do: 'safe' });
}

export function described(draft: Draft): void {
  draft.script = reportScript(draft.autoReport);
}

export function ready(draft: Draft): void {
  draft.life = { is: 'ready' };
  draft.polledAt = draft.now;
  draft.effects.push({
    do: 'note',
    event: 'printer:ready',
    fields: { firmware: draft.firmware ?? 'unknown', autoReport: draft.autoReport },
  });
}

/** Whether the present life has a clock of its own; then this is all that time does. */
export function timeOfLife(draft: Draft): boolean {
  const { life } = draft;
  if (life.is === 'asking' || life.is === 'ready') return false;
  if (!('until' in life) || life.until > draft.now) return true;
  switch (life.is) {
    case 'booting':
      return settle(draft);
    case 'settling':
      greet(draft, 1);
      return true;
    case 'greeting':
      if (life.tries < machineLimits.greetTries) greet(draft, life.tries + 1);
      else close(draft, 'No printer answers there', 'baud');
      return true;
  }
}

/** Ends what an earlier life of ours may have left half-written, and a wait for heat that would keep the heaters on. */
function settle(draft: Draft): true {
  draft.life = { is: 'settling', until: draft.now + machineLimits.settleMs };
  draft.effects.push({ do: 'write', text: draft.unsafe === null ? '\n' : '\nM108\n' });
  return true;
}

/** The banner: counter 0, heaters off, position unknown. */
export function rebooted(draft: Draft): void {
  endJob(draft, 'failed', 'The printer restarted in the middle of the print');
  refuseAsked(draft, 'The printer restarted');
  if (draft.unsafe !== null) draft.effects.push({ do: 'safe' });
  draft.unsafe = null;
  draft.temperatures = {};
  greet(draft, 1);
}

/** Numbers do not fit any more: what was being printed is lost, and its heaters are turned off first. */
export function resync(draft: Draft, why: string): void {
  if (draft.life.is === 'greeting') return;
  if (draft.job !== null) draft.unsafe = why;
  endJob(draft, 'failed', why);
  refuseAsked(draft, why);
  draft.lastError = why;
  greet(draft, 1);
}

export function halt(draft: Draft, why: string): void {
  endJob(draft, 'failed', why);
  refuseAsked(draft, 'Printer is unavailable');
  draft.life = { is: 'halted', why };
  draft.lastError = why;
  draft.script = [];
  draft.effects.push({ do: 'note', event: 'printer:halted', fields: { why } });
}

/** `reopen` null: the port is gone already. */
export function close(draft: Draft, why: string, reopen: (Effect & { do: 'close' })['reopen'] | null): void {
  if (draft.life.is === 'closed') return;
  const watched = draft.job !== null || someHeaterOn(draft.temperatures);
  if (watched) draft.unsafe ??= why;
  endJob(draft, 'failed', why);
  refuseAsked(draft, 'Printer is unavailable');
  draft.life = { is: 'closed' };
  draft.script = [];
  draft.lastError = why;
  if (reopen !== null) draft.effects.push({ do: 'close', why, reopen });
}

function refuseAsked(draft: Draft, why: string): void {
  const { history, told } = draft.wire;
  const underWay = history.flatMap(({ number, role }) => (number > told && role.of === 'asked' ? [role.id] : []));
  for (const id of [...underWay, ...draft.asked.map((one) => one.id)]) draft.effects.push({ do: 'refused', id, why });
  draft.asked = [];
  draft.said = [];
}
