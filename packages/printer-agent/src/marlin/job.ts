import { isLong, waitsForHeat } from './lines.ts';
import type { Draft, Ending, FedLine, Job, Result } from './machine.ts';
import { modesAfter } from './modes.ts';
import type { Position } from './replies.ts';
import { cancelScript, locateScript, parkScript, restoreScript, retractionOf } from './scripts.ts';
import { turnedOff } from './temperatures.ts';
import { awaitStray, inFlight } from './wire.ts';

/** What happens to a print. Nothing here asks whether there is a connection: without one there is no job. */

const cancelLift = 5;

export function endJob(draft: Draft, result: Result, message: string | null): void {
  if (draft.job === null) return;
  draft.job = null;
  draft.effects.push({ do: 'ended', result, message });
  if (result === 'failed') draft.lastError = message;
}

export function fed(draft: Draft, line: FedLine | null): void {
  if (draft.job?.asked !== true) return;
  draft.job = { ...draft.job, asked: false, next: line, fedAll: line === null };
}

/** A line of the file has been accepted. */
export function printed(draft: Draft, text: string, offset: number): void {
  if (draft.job === null) return;
  const { state, message } = draft.job;
  const modes = modesAfter(draft.job.modes, text);
  draft.job = { ...draft.job, offset, modes, message: state === 'printing' ? null : message };
}

/** Stops the flow after the line in flight, remembers where the head is, moves it aside; heaters stay (printerlynx §6.2.6). */
export function pause(draft: Draft): void {
  const { job } = draft;
  if (job?.state === 'printing') {
    draft.job = { ...job, state: 'pausing' };
    draft.script = [...draft.script, ...locateScript];
  }
  // What gives the position back goes on; when it has ended this is a pause again.
  if (job?.state === 'resuming') draft.job = { ...job, state: 'pausing' };
}

export function resume(draft: Draft): void {
  const { job } = draft;
  if (job?.state === 'pausing') draft.job = { ...job, state: 'resuming' };
  if (job?.state === 'paused') giveBack(draft, job);
}

function giveBack(draft: Draft, job: Job): void {
  if (job.byPrinter) {
    draft.job = { ...job, state: 'printing', byPrinter: false, pausedAt: null, message: null };
    return;
  }
  draft.job = { ...job, state: 'resuming', pausedAt: null, message: null };
  draft.script = restoreScript(job.parked, job.modes);
}

/** The answer to M114, before its `ok`. */
export function locate(draft: Draft, position: Position): void {
  const { job } = draft;
  if (job === null || job.parked !== null || !job.modes.homed) return;
  if (job.state !== 'pausing' && job.state !== 'resuming') return;
  draft.job = { ...job, parked: { position, retracted: retractionOf(draft.options.park, draft.temperatures) } };
}

export function located(draft: Draft): void {
  if (draft.job === null) return;
  const script = parkScript(draft.options.park, draft.job.parked);
  if (script === null) paused(draft);
  else draft.script = script;
}

export function paused(draft: Draft): void {
  const { job } = draft;
  if (job === null) return;
  if (job.state === 'resuming') giveBack(draft, job);
  else draft.job = { ...job, state: 'paused', pausedAt: draft.now };
}

export function resumed(draft: Draft): void {
  const { job } = draft;
  if (job === null) return;
  const back = { ...job, parked: null };
  draft.job = { ...back, state: 'printing' };
  if (job.state === 'pausing') pause(draft);
}

/** Heaters off first, then it has ended (§6.2.7). */
export function cancel(draft: Draft, ending: Ending): void {
  const { job } = draft;
  if (job === null || job.state === 'cancelling') return;
  const lift = job.modes.homed && job.parked === null ? cancelLift : 0;
  draft.job = { ...job, state: 'cancelling', ending, next: null, message: ending.message };
  draft.script = cancelScript(draft.temperatures, lift);
  const line = inFlight(draft.wire);
  if (line === undefined || !(waitsForHeat(line.text) || isLong(line.text))) return;
  draft.effects.push({ do: 'write', text: 'M108\n' });
  draft.wire = awaitStray(draft.wire, draft.now);
}

export function cancelled(draft: Draft): void {
  draft.temperatures = turnedOff(draft.temperatures);
  const { result, message } = draft.job?.ending ?? { result: 'cancelled', message: null };
  endJob(draft, result, message);
}

/** The person at the printer did something (§6.1, `//action:`). */
export function followPrinter(draft: Draft, action: string): void {
  const { job } = draft;
  if (job === null) return;
  if (action === 'pause') pause(draft);
  else if (action === 'resume') resume(draft);
  else if (action === 'cancel') cancel(draft, { result: 'cancelled', message: 'Cancelled at the printer' });
  else if (action === 'paused' && (job.state === 'printing' || job.state === 'resuming'))
    draft.job = { ...job, state: 'paused', byPrinter: true, pausedAt: draft.now, message: 'Paused at the printer' };
  else if (action === 'resumed' && job.byPrinter) resume(draft);
}
