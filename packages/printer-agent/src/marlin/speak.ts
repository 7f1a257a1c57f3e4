import { endJob } from './job.ts';
import { type Draft, type Machine, machineLimits } from './machine.ts';
import { isHeating } from './temperatures.ts';
import { isBehind, isFree, type Role, writeAgain, writeNew } from './wire.ts';

/** After every event: what goes out next. One command in flight (printerlynx §6.2.3). */
export function speak(draft: Draft): void {
  const { life } = draft;
  if (life.is !== 'asking' && life.is !== 'ready') return;
  if (isFree(draft.wire)) sendNext(draft);
  const { job } = draft;
  if (job?.state === 'printing' && job.next === null && !job.asked && !job.fedAll) {
    draft.job = { ...job, asked: true };
    draft.effects.push({ do: 'feed' });
  }
}

function sendNext(draft: Draft): void {
  if (isBehind(draft.wire)) {
    sendAgain(draft);
    return;
  }
  const [step, ...rest] = draft.script;
  if (step !== undefined) {
    draft.script = rest;
    send(draft, step.text, { of: 'script', next: step.next });
    return;
  }
  if (draft.life.is !== 'ready') return;
  const [asked, ...others] = draft.asked;
  if (asked !== undefined) {
    draft.asked = others;
    draft.said = [];
    send(draft, asked.text, { of: 'asked', id: asked.id });
    return;
  }
  if ((pollDue(draft) ?? Number.POSITIVE_INFINITY) <= draft.now) {
    draft.polledAt = draft.now;
    send(draft, 'M105', { of: 'poll' });
    return;
  }
  sendPrint(draft);
}

function sendPrint(draft: Draft): void {
  const { job } = draft;
  if (job?.state !== 'printing') return;
  if (job.next !== null) {
    draft.job = { ...job, next: null };
    send(draft, job.next.text, { of: 'job', offset: job.next.offset });
  } else if (job.fedAll) endJob(draft, 'completed', null);
}

function send(draft: Draft, command: string, role: Role): void {
  const { wire, text } = writeNew(draft.wire, command, role, draft.now);
  draft.wire = wire;
  draft.effects.push({ do: 'write', text });
}

function sendAgain(draft: Draft): void {
  const written = writeAgain(draft.wire, draft.now);
  if (written === null) return;
  draft.wire = written.wire;
  draft.effects.push({ do: 'write', text: written.text });
}

/** When temperatures must be asked for; null: not now. Never while a line is in flight, so never two questions at once. */
export function pollDue(machine: Machine): number | null {
  if (machine.life.is !== 'ready' || !isFree(machine.wire)) return null;
  return Math.max(machine.polledAt, machine.temperaturesAt) + intervalOf(machine);
}

function intervalOf({ autoReport, job, temperatures }: Machine): number {
  if (autoReport) return machineLimits.autoReportMs;
  return job !== null || isHeating(temperatures) ? machineLimits.pollHotMs : machineLimits.pollMs;
}
