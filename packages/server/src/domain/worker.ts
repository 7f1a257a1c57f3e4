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
}

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

/** Whatever it was asked to become (asleep, draining, shut down), it gets nothing new from then on. */
export function mayClaim(worker: Pick<Worker, 'status' | 'mode' | 'wanted'>): boolean {
  const { status, mode, wanted } = worker;
  return status === 'online' && (mode === 'awake' || mode === 'testing') && (wanted === null || wanted.mode === mode);
}

/** A worker in mode `testing` takes nothing but kinds that begin so, and of these what it names. */
export const testPrefix = 'test-';

/** Could this worker ever run the class: kind, tags, pin, and its whole size when empty. */
export function suits(spec: ClassSpec, worker: Worker): boolean {
  if (spec.pin !== null && spec.pin !== worker.id) return false;
  if (!worker.kinds.includes(spec.kind)) return false;
  if (worker.mode === 'testing' && !spec.kind.startsWith(testPrefix)) return false;
  for (const tag of spec.tags) if (!worker.tags.includes(tag)) return false;
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
