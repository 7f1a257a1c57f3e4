import { isLong, numbered, wordOf } from './lines.ts';

/** What to do when a line of ours has been accepted; see `confirmed.ts`. */
export type Role =
  | { readonly of: 'job'; readonly offset: number }
  | { readonly of: 'asked'; readonly id: string }
  | { readonly of: 'poll' }
  | { readonly of: 'script'; readonly next: Next | null };

/** What follows when the last line of a script has been accepted. */
export type Next = 'greeted' | 'safe' | 'described' | 'ready' | 'located' | 'paused' | 'resumed' | 'cancelled';

export interface Line {
  readonly number: number;
  readonly text: string;
  readonly role: Role;
}

/**
 * Lines and their numbers. Every line carries one, ours included, so that a lost line and a lost `ok` can be told apart:
 * the firmware's own counter decides what it has accepted.
 */
export interface Wire {
  /** The newest lines made, newest last, numbers without a gap. */
  readonly history: readonly Line[];
  /** The last number written; below the newest made while lines are sent again. */
  readonly sent: number;
  /** The last number that the firmware has accepted. */
  readonly confirmed: number;
  /** The highest number ever confirmed: lines sent again are not told twice. */
  readonly told: number;
  /** `ok`s that belong to no line: of a Resend, of a bare M108. Some builds never send them: they are awaited for a moment. */
  readonly strays: number;
  readonly straysSince: number;
  readonly resend: { readonly number: number; readonly count: number; readonly repeats: number } | null;
  /** When anything was heard last; when the line in flight last showed that it is being worked on. Monotonic ms. */
  readonly heardAt: number;
  readonly movedAt: number;
  readonly probedAt: number;
  /** Probes since anything was heard; probes since the line in flight moved. */
  readonly silentProbes: number;
  readonly stuckProbes: number;
  /** It says something even during long commands (busy, temperatures): then silence means something there too. */
  readonly keepsAlive: boolean;
}

export const wireLimits = {
  history: 64,
  resendsMost: 10,
  /** How long an `ok` that belongs to a Resend is awaited. */
  strayMs: 500,
  silenceMs: 30_000,
  /** The same while a command is in flight that may take minutes: for firmware without keepalive. */
  longSilenceMs: 300_000,
  probesMost: 5,
} as const;

export function freshWire(now: number): Wire {
  return {
    history: [],
    sent: -1,
    confirmed: -1,
    told: -1,
    strays: 0,
    straysSince: now,
    resend: null,
    heardAt: now,
    movedAt: now,
    probedAt: now,
    silentProbes: 0,
    stuckProbes: 0,
    keepsAlive: false,
  };
}

const madeOf = (wire: Wire): number => wire.history.at(-1)?.number ?? wire.sent;

export function lineOf(wire: Wire, number: number): Line | undefined {
  const first = wire.history[0]?.number ?? 0;
  return wire.history[number - first];
}

/** The oldest line that has been written and not been accepted. */
export function inFlight(wire: Wire): Line | undefined {
  return wire.confirmed < wire.sent ? lineOf(wire, wire.confirmed + 1) : undefined;
}

/** One command in flight: the next may go. */
export const isFree = (wire: Wire): boolean => wire.confirmed === wire.sent && wire.strays === 0;

/** Lines that the firmware has asked for again. */
export const isBehind = (wire: Wire): boolean => wire.sent < madeOf(wire);

export type Written = { readonly wire: Wire; readonly text: string };

/** The next line that has to be sent again; only while `isBehind`. */
export function writeAgain(wire: Wire, now: number): Written | null {
  const line = lineOf(wire, wire.sent + 1);
  if (line === undefined) return null;
  return { wire: { ...wire, sent: line.number, movedAt: now }, text: numbered(line.number, line.text) };
}

export function writeNew(wire: Wire, command: string, role: Role, now: number): Written {
  const number = madeOf(wire) + 1;
  const kept = wire.history.length < wireLimits.history ? wire.history : wire.history.slice(1 - wireLimits.history);
  const next: Wire = { ...wire, history: [...kept, { number, text: command, role }], sent: number, movedAt: now };
  return { wire: next, text: numbered(number, command) };
}

/** Any line has come. */
export const heard = (wire: Wire, now: number): Wire => ({ ...wire, heardAt: now, silentProbes: 0 });

/** The line in flight is being worked on. */
export const moved = (wire: Wire, now: number): Wire => ({ ...wire, movedAt: now, stuckProbes: 0 });

export interface Accepted {
  readonly wire: Wire;
  /** Accepted for the first time, in order. */
  readonly lines: readonly Line[];
}

/** An `ok`. With temperatures it answers an M105, so all lines before that one have been accepted too. */
export function acknowledge(wire: Wire, ok: { number: number | null; temperatures: boolean }, now: number): Accepted {
  const here = { ...moved(wire, now), straysSince: now };
  if (wire.confirmed === wire.sent) {
    return { wire: { ...here, strays: Math.max(0, wire.strays - 1) }, lines: [] };
  }
  if (ok.number !== null && ok.number > wire.confirmed && ok.number <= wire.sent) return confirm(here, ok.number);
  const questions = ok.temperatures ? outstanding(wire).filter(({ text }) => wordOf(text) === 'M105') : [];
  const last = questions.at(-1);
  if (last === undefined) return confirm(here, wire.confirmed + 1);
  // Of several questions this is the answer to one: the others' answers are late, or lost.
  return confirm({ ...here, strays: wire.strays + questions.length - 1 }, last.number);
}

function outstanding(wire: Wire): readonly Line[] {
  const first = wire.history[0]?.number ?? 0;
  return wire.history.slice(wire.confirmed + 1 - first, wire.sent + 1 - first);
}

function confirm(wire: Wire, number: number): Accepted {
  const first = wire.history[0]?.number ?? 0;
  const lines = number > wire.told ? wire.history.slice(wire.told + 1 - first, number + 1 - first) : [];
  const resend = wire.resend !== null && number >= wire.resend.number ? null : wire.resend;
  return { wire: { ...wire, confirmed: number, told: Math.max(wire.told, number), resend }, lines };
}

export type Resent = Accepted | { readonly impossible: string };

/** The firmware wants everything from `number` on. */
export function resend(wire: Wire, number: number, now: number): Resent {
  const before = wire.resend?.number === number ? wire.resend : null;
  if (before !== null && before.repeats > 0) {
    // Said once for each line that was already on its way; each says its `ok` too.
    const repeated = { ...before, repeats: before.repeats - 1 };
    return { wire: { ...wire, resend: repeated, strays: wire.strays + 1, straysSince: now }, lines: [] };
  }
  const first = wire.history[0]?.number ?? 0;
  if (number < first || number > madeOf(wire) + 1)
    return { impossible: `The printer asked for line ${number}, which is not known any more` };
  const count = (before?.count ?? 0) + 1;
  if (count >= wireLimits.resendsMost) return { impossible: `The printer asked for line ${number} ${count} times in a row` };
  const repeats = Math.max(0, wire.sent - number);
  const accepted = confirm(moved(wire, now), number - 1);
  const next = { ...accepted.wire, sent: number - 1, resend: { number, count, repeats }, strays: 1, straysSince: now };
  return { wire: next, lines: accepted.lines };
}

/** An `ok` that is awaited beside the lines. */
export const awaitStray = (wire: Wire, now: number): Wire => ({ ...wire, strays: wire.strays + 1, straysSince: now });

/** When `strays` are given up, or null. */
export function straysDue(wire: Wire): number | null {
  if (wire.strays === 0 || wire.confirmed < wire.sent) return null;
  return wire.straysSince + wireLimits.strayMs;
}

export const giveUpStrays = (wire: Wire): Wire => ({ ...wire, strays: 0 });

/** When the printer must be asked whether it is alive, or whether it has had our line. */
export function probeDue(wire: Wire): number {
  const line = inFlight(wire);
  const limit = line !== undefined && isLong(line.text) ? wireLimits.longSilenceMs : wireLimits.silenceMs;
  // Without keepalive a long command is probed late the first time; then it is either answered, or the silence is one.
  const patience = wire.silentProbes === 0 && !wire.keepsAlive ? limit : wireLimits.silenceMs;
  const silence = Math.max(wire.heardAt, wire.probedAt) + patience;
  if (line === undefined) return silence;
  const stuck = Math.max(wire.movedAt, wire.probedAt) + limit * 2 ** Math.min(wire.stuckProbes, 4);
  return Math.min(silence, stuck);
}

/** So many questions and not one line: it is dead. */
export const isDead = (wire: Wire): boolean => wire.silentProbes >= wireLimits.probesMost;

/** A numbered M105 (or the line that is due anyway): accepted, it proves all before it; refused, it brings a Resend. */
export function probe(wire: Wire, now: number): Written {
  const written = (isBehind(wire) ? writeAgain(wire, now) : null) ?? writeNew(wire, 'M105', { of: 'poll' }, now);
  const { movedAt } = wire;
  const counted = { probedAt: now, movedAt, silentProbes: wire.silentProbes + 1, stuckProbes: wire.stuckProbes + 1 };
  return { text: written.text, wire: { ...written.wire, ...counted } };
}
