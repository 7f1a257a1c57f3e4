import type { Millis, SessionNumber, WorkerId } from './ids.ts';
import { type Amounts, type ClassSpec, fitsIn, minus } from './needs.ts';

/** `pending` waits for approval. `lost`: its connection is gone but its grace is not over. */
export type WorkerStatus = 'pending' | 'starting' | 'online' | 'lost' | 'offline';
export type WorkerMode = 'awake' | 'asleep' | 'testing' | 'error' | 'draining';

/** What somebody asked the worker to become; cleared when it says that it has. */
export interface Wanted {
  readonly mode: WorkerMode | 'shutdown';
  /** After its present tasks; otherwise at once. */
  readonly lazy: boolean;
}

/** How a worker of some door behaves. Stored with it, so that a restarted server knows without asking the door. */
export interface WorkerProfile {
  /** How long its tasks stay with it after the session broke. */
  readonly graceMs: number;
  /** The session IS a connection: after a server start it is gone at once instead of being waited for. */
  readonly connection: boolean;
  /** Silence after which the session counts as broken; 0: never. */
  readonly leaseMs: number;
  /** The row goes when the session ended and it holds nothing. */
  readonly ephemeral: boolean;
  /** `counted`: room is total - used. `reported`: room is what the worker said last, less what it accepted since. */
  readonly room: 'counted' | 'reported';
  /** It can be told to suspend a task. */
  readonly suspends: boolean;
  /** A worker that is new has a gate, and it is closed (see `WorkerGate`). Absent: it has none. */
  readonly gated?: true;
}

/**
 * Between two tasks somebody has to look at the worker, such as at what still lies on a printer's plate: the end of an attempt
 * closes its gate, a person opens it. It holds back only what the scheduler places. `none`: it has no gate.
 */
export type WorkerGate = 'none' | 'open' | 'closed';

export interface Worker {
  readonly id: WorkerId;
  readonly name: string;
  /** Stable identity across sessions (a credential, an installation id); unique. Null: known by its connection only. */
  readonly key: string | null;
  readonly owner: string;
  readonly profile: WorkerProfile;
  /** Task kinds that it runs. */
  readonly kinds: readonly string[];
  readonly tags: readonly string[];
  readonly total: Amounts;
  readonly used: Amounts;
  /** Only with `room: 'reported'`. */
  readonly reported: Amounts | null;
  readonly status: WorkerStatus;
  readonly mode: WorkerMode;
  readonly wanted: Wanted | null;
  readonly gate: WorkerGate;
  readonly session: SessionNumber;
  /** Tasks held (offered or with a live attempt), kept in the same transaction. */
  readonly holding: number;
  /** True while any exclusion (reject, defer, failure) names this worker: saves a read on every claim. */
  readonly picky: boolean;
  /** Free JSON for people: host, system, version, address, load. At most 16 KiB as text. */
  readonly info: Readonly<Record<string, unknown>>;
  readonly createdAt: Millis;
  readonly seenAt: Millis;
}

export function roomOf(worker: Worker): Amounts {
  return worker.profile.room === 'reported' ? (worker.reported ?? worker.total) : minus(worker.total, worker.used);
}

/** Whether the scheduler may place something on it. */
export function mayClaim(worker: Pick<Worker, 'status' | 'mode' | 'wanted' | 'gate'>): boolean {
  return worker.gate !== 'closed' && mayStart(worker);
}

/** Whether somebody may start something on it: whatever it was asked to become (asleep, draining, shut down), it gets nothing new from then on. */
export function mayStart(worker: Pick<Worker, 'status' | 'mode' | 'wanted'>): boolean {
  const { status, mode, wanted } = worker;
  return status === 'online' && (mode === 'awake' || mode === 'testing') && (wanted === null || wanted.mode === mode);
}

/** A worker in mode `testing` takes nothing but kinds that begin so, and of these what it names. */
export const testPrefix = 'test-';

/**
 * `owner:ID` is every worker of that owner, and no other. `material:pla?` is one that says `material:pla`, or nothing at all
 * about its `material:`. `volume>=200x200x90?` is one that says `volume:` and nowhere less, or nothing about it.
 */
export function hasTag({ tags, owner }: Pick<Worker, 'tags' | 'owner'>, tag: string): boolean {
  const least = atLeast.exec(tag);
  if (least !== null) return isLargeEnough(tags, `${least[1]}:`, sizesOf(least[2] ?? ''));
  if (tag.startsWith(ownerPrefix)) return owner === tag.slice(ownerPrefix.length);
  const colon = tag.indexOf(':');
  if (colon < 0 || !tag.endsWith('?')) return tags.includes(tag);
  const wanted = tag.slice(0, -1);
  const family = tag.slice(0, colon + 1);
  return tags.includes(wanted) || !tags.some((one) => one.startsWith(family));
}

const atLeast = /^([a-z]+)>=([\d.]+(?:x[\d.]+)*)\?$/;
const sizesOf = (text: string): number[] => text.split('x').map(Number);

function isLargeEnough(tags: readonly string[], family: string, needed: readonly number[]): boolean {
  const told = tags.filter((tag) => tag.startsWith(family)).map((tag) => sizesOf(tag.slice(family.length)));
  return told.length === 0 || told.some((sizes) => needed.every((size, i) => size <= (sizes[i] ?? 0)));
}

const ownerPrefix = 'owner:';
export const ownerTag = (owner: string): string => `${ownerPrefix}${owner}`;
/** In a plan: a worker of whoever submits it, unless he may give work to everybody's. */
export const submitterTag = ownerTag('?');

/** Could this worker ever run the class: kind, tags, pin, and its whole size when empty. */
export function suits(spec: ClassSpec, worker: Worker): boolean {
  if (spec.pin !== null && spec.pin !== worker.id) return false;
  if (!worker.kinds.includes(spec.kind)) return false;
  if (worker.mode === 'testing' && !spec.kind.startsWith(testPrefix)) return false;
  for (const tag of spec.tags) if (!hasTag(worker, tag)) return false;
  return fitsIn(spec.amounts, worker.total);
}

/** Can it run the class now. */
export function fitsNow(spec: ClassSpec, worker: Worker): boolean {
  return suits(spec, worker) && fitsIn(spec.amounts, roomOf(worker));
}

/** 0 idle … 1 full; the largest share of slots, cpus and memory in use. Used to place on the least busy worker first. */
export function busyness(worker: Worker): number {
  const room = roomOf(worker);
  const share = (free: number, total: number): number => (total <= 0 ? 0 : 1 - free / total);
  return Math.max(
    share(room.slots, worker.total.slots),
    share(room.cpus, worker.total.cpus),
    share(room.ramMb, worker.total.ramMb),
  );
}
