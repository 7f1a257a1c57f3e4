import { confirmed } from './confirmed.ts';
import { followPrinter, locate } from './job.ts';
import { close, halt, rebooted, resync } from './life.ts';
import { waitsForHeat } from './lines.ts';
import { type Draft, machineLimits } from './machine.ts';
import { type Reply, readReply } from './replies.ts';
import { readTemperatures } from './temperatures.ts';
import { type Accepted, acknowledge, heard, inFlight, moved, probe, resend } from './wire.ts';

/** What comes before a Resend and only explains it. */
const explanations = /checksum|line number/i;

export function hear(draft: Draft, text: string): void {
  const reply = readReply(text);
  const { life } = draft;
  if (life.is === 'closed') return;
  if (reply.is === 'start') {
    restarted(draft, life.is === 'booting');
    return;
  }
  if (life.is === 'booting' || life.is === 'settling' || life.is === 'halted') return;
  const heardBefore = draft.wire.heardAt;
  draft.wire = heard(draft.wire, draft.now);
  remember(draft, reply, text);
  if (reply.is === 'wait') idle(draft, heardBefore);
  else act(draft, reply, text);
}

function restarted(draft: Draft, expected: boolean): void {
  if (!expected) draft.effects.push({ do: 'note', event: 'printer:restarted', fields: {} });
  rebooted(draft);
}

function act(draft: Draft, reply: Exclude<Reply, { is: 'start' | 'wait' }>, text: string): void {
  switch (reply.is) {
    case 'ok':
      if (reply.temperatures) temperatures(draft, text);
      accept(draft, acknowledge(draft.wire, reply, draft.now));
      return;
    case 'resend':
      again(draft, reply.number);
      return;
    case 'busy':
      busy(draft, reply.why);
      return;
    case 'temperatures':
      report(draft, text);
      return;
    case 'position':
      locate(draft, reply.position);
      return;
    case 'capability':
      if (reply.name === 'AUTOREPORT_TEMP') draft.autoReport = reply.able;
      return;
    case 'firmware':
      draft.firmware = reply.name.slice(0, 200);
      return;
    case 'action':
      if (reply.name === 'disconnect') {
        close(draft, 'The printer asked to be left alone', 'later');
        return;
      }
      followPrinter(draft, reply.name);
      return;
    case 'halted':
      halt(draft, reply.text.slice(0, machineLimits.saidLength));
      return;
    case 'error':
      if (!explanations.test(reply.text)) draft.lastError = reply.text.slice(0, machineLimits.saidLength);
      return;
    case 'text':
      return;
  }
}

function accept(draft: Draft, { wire, lines }: Accepted): void {
  draft.wire = wire;
  for (const line of lines) confirmed(draft, line);
}

function again(draft: Draft, number: number): void {
  const resent = resend(draft.wire, number, draft.now);
  if ('impossible' in resent) {
    resync(draft, resent.impossible);
    return;
  }
  accept(draft, resent);
}

function busy(draft: Draft, why: string): void {
  draft.wire = { ...moved(draft.wire, draft.now), keepsAlive: true };
  extendGreeting(draft);
  if (draft.job !== null && /paused/.test(why)) draft.job = { ...draft.job, message: `The printer is ${why}` };
}

function report(draft: Draft, text: string): void {
  temperatures(draft, text);
  extendGreeting(draft);
  if (draft.autoReport) draft.wire = { ...draft.wire, keepsAlive: true };
  const line = inFlight(draft.wire);
  if (line !== undefined && waitsForHeat(line.text)) draft.wire = moved(draft.wire, draft.now);
}

/** It is there, the speed is right, and it is still at something of its own. */
function extendGreeting(draft: Draft): void {
  const { life } = draft;
  if (life.is === 'greeting') draft.life = { ...life, until: draft.now + machineLimits.greetMs };
}

function temperatures(draft: Draft, text: string): void {
  draft.temperatures = readTemperatures(text, draft.temperatures);
  draft.temperaturesAt = draft.now;
}

/** It says that it has nothing to do: when a line of ours is in flight, that line or its `ok` is lost (§6.1, `wait`). */
function idle(draft: Draft, heardBefore: number): void {
  const { wire } = draft;
  if (inFlight(wire) === undefined || heardBefore > wire.movedAt || wire.stuckProbes > 0) return;
  const asked = probe(wire, draft.now);
  draft.wire = asked.wire;
  draft.effects.push({ do: 'write', text: asked.text });
}

const unsaid: ReadonlySet<Reply['is']> = new Set<Reply['is']>(['temperatures', 'busy', 'wait', 'resend']);

/** What belongs to the answer to a person's command. */
function remember(draft: Draft, reply: Reply, text: string): void {
  if (inFlight(draft.wire)?.role.of !== 'asked' || unsaid.has(reply.is)) return;
  const line = text.slice(0, machineLimits.saidLength);
  if (draft.said.length < machineLimits.saidLines) draft.said = [...draft.said, line];
  else if (reply.is === 'ok') draft.said = [...draft.said.slice(0, -1), line];
}
