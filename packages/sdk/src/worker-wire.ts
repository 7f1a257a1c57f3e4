import Type, { type Static } from 'typebox';
import { Amount, AmountMap, Id, limits, Name, Sha256 } from './names.ts';
import type { TaskBody } from './task-spec.ts';

/**
 * The socket of our own worker: `GET /v1/worker` upgraded, `Authorization: Bearer TOKEN` (right `worker:run`), sub-protocol
 * `switchyard-worker.1`. Text frames carry ONE JSON array of messages (what one turn gathered); binary frames carry log bytes
 * and live values.
 *
 * Worker: `hello` first, naming the attempts that it still holds. Server: `welcome`, which says what to keep and what to kill.
 * `run` starts an attempt at once. `offer` is a prefetched task that takes no resources: the worker fetches its inputs and
 * answers `accept` when it has room; it may start only after `go`. `end` is repeated until `ended` has answered it.
 * Unknown message names and fields are ignored by both sides, so that a newer peer can talk to an older one.
 * Live values (`liveFrame`) are sent only while the server says that somebody looks (`watch`).
 */
export const workerProtocol = 'switchyard-worker.1';

const Fence = { task: Id, attempt: Type.Integer({ minimum: 1 }) };
const ShortText = Type.String({ maxLength: limits.errorLength });

export const WireAmounts = Type.Object({ slots: Amount, cpus: Amount, ramMb: Amount, named: AmountMap });
export type WireAmounts = Static<typeof WireAmounts>;

export const WireArtifact = Type.Object({
  path: Type.String({ minLength: 1, maxLength: limits.pathLength }),
  blob: Sha256,
  size: Amount,
});
export type WireArtifact = Static<typeof WireArtifact>;

export const WireEnd = Type.Object({
  m: Type.Literal('end'),
  ...Fence,
  outcome: Type.Union([Type.Literal('succeeded'), Type.Literal('failed')]),
  /** Why it failed: see `Reason` in the server's domain. */
  reason: Type.Union([
    Type.Null(),
    Type.Literal('exit'),
    Type.Literal('signal'),
    Type.Literal('start'),
    Type.Literal('error'),
    Type.Literal('timeout'),
    Type.Literal('silence'),
  ]),
  exitCode: Type.Union([Type.Integer(), Type.Null()]),
  signal: Type.Union([Type.String({ maxLength: 20 }), Type.Null()]),
  error: Type.Union([ShortText, Type.Null()]),
  /** JSON value, at most 64 KiB as text. */
  result: Type.Optional(Type.Unknown()),
  artifacts: Type.Optional(Type.Array(WireArtifact, { maxItems: 10_000 })),
  /** Bytes that were produced per stream; the server waits for none of them, the worker goes on sending before `end`. */
  logs: Type.Optional(Type.Object({ out: Amount, err: Amount, log: Amount })),
});
export type WireEnd = Static<typeof WireEnd>;

export const WireHello = Type.Object({
  m: Type.Literal('hello'),
  /** Made once per installation (work folder), kept there: the worker's identity over restarts. */
  instance: Type.String({ minLength: 8, maxLength: 100 }),
  name: Name,
  version: Type.String({ maxLength: 50 }),
  kinds: Type.Array(Name, { maxItems: 64 }),
  tags: Type.Array(Type.String({ minLength: 1, maxLength: limits.tagLength }), { maxItems: limits.tagCount }),
  total: WireAmounts,
  /** How many tasks beyond its room it likes to hold as offers. */
  prefetch: Type.Integer({ minimum: 0, maximum: 1_000 }),
  /** Host, system, processor, pid … for people. */
  info: Type.Record(Type.String(), Type.Unknown()),
  /** Attempts that it holds: running, or ended and not yet acknowledged (their `end` follows after `welcome`). */
  holds: Type.Array(Type.Object(Fence), { maxItems: 100_000 }),
});
export type WireHello = Static<typeof WireHello>;

export const FromWorker = Type.Union([
  WireHello,
  Type.Object({ m: Type.Literal('accept'), task: Id }),
  Type.Object({
    m: Type.Literal('decline'),
    task: Id,
    how: Type.Union([Type.Literal('defer'), Type.Literal('reject')]),
    why: ShortText,
  }),
  /** An attempt handed back unharmed: nothing of it has run, or it was stopped for a drain. */
  Type.Object({
    m: Type.Literal('give-back'),
    ...Fence,
    how: Type.Union([Type.Literal('free'), Type.Literal('defer'), Type.Literal('reject')]),
    why: ShortText,
  }),
  Type.Object({
    m: Type.Literal('report'),
    ...Fence,
    progress: Type.Optional(
      Type.Object({
        done: Type.Number(),
        total: Type.Union([Type.Number(), Type.Null()]),
        unit: Type.Union([Type.String({ maxLength: 50 }), Type.Null()]),
      }),
    ),
    phase: Type.Optional(Type.String({ maxLength: 200 })),
    checkpoint: Type.Optional(Type.Unknown()),
  }),
  WireEnd,
  /** Suspended or resumed as asked. */
  Type.Object({ m: Type.Literal('drain') }),
  Type.Object({ m: Type.Literal('bye') }),
  Type.Object({ m: Type.Literal('info'), info: Type.Record(Type.String(), Type.Unknown()) }),
]);
export type FromWorker = Static<typeof FromWorker>;

/** An attempt (or, in an offer, the attempt that it would become). `body` is the stored text, passed on unparsed by the server. */
export interface WireTask {
  readonly task: number;
  readonly attempt: number;
  readonly job: number;
  readonly jobName: string;
  readonly kind: string;
  readonly index: number | null;
  /** The value that stands for the index: a number of the range, or the item. */
  readonly value: string | null;
  readonly key: string | null;
  readonly amounts: WireAmounts;
  readonly timeoutMs: number;
  readonly silenceMs: number;
  /** JSON value of the last checkpoint of any attempt, or null. */
  readonly checkpoint: unknown;
  readonly body: TaskBody;
}

export type ToWorker =
  | {
      readonly m: 'welcome';
      readonly worker: number;
      readonly session: number;
      /** Silence after which either side gives the connection up; both ping at a third of it. */
      readonly leaseMs: number;
      /** Held attempts that are not this worker's any more: end their processes, report nothing. */
      readonly kill: readonly { task: number; attempt: number }[];
      /** Committed log bytes of the attempts that it keeps: send on from there. */
      readonly logs: readonly { task: number; attempt: number; out: number; err: number; log: number }[];
    }
  | { readonly m: 'run'; readonly task: WireTask }
  | { readonly m: 'offer'; readonly task: WireTask }
  /** The accept is committed: start. */
  | { readonly m: 'go'; readonly task: number; readonly attempt: number }
  /** The offer stands no more. */
  | { readonly m: 'withdraw'; readonly task: number }
  /** End its processes, then report `end` as usual. */
  | { readonly m: 'kill'; readonly task: number; readonly attempt: number }
  | { readonly m: 'suspend' | 'resume'; readonly task: number; readonly attempt: number }
  /** `end` or `give-back` was committed (or is stale): forget the attempt. */
  | { readonly m: 'ended'; readonly task: number; readonly attempt: number }
  /**
   * Somebody looks at these live values of the attempt: send the present ones as live frames, and every newer one. Replaces
   * what was said before of it; an empty list: nobody looks. Forgotten with the connection.
   */
  | { readonly m: 'watch'; readonly task: number; readonly attempt: number; readonly names: readonly string[] }
  /** Log bytes up to here are committed: they need not be kept. */
  | {
      readonly m: 'logged';
      readonly task: number;
      readonly attempt: number;
      readonly stream: 'out' | 'err' | 'log';
      readonly length: number;
    }
  /** Become this: `draining` takes nothing new, `shutdown` also ends the worker. */
  | { readonly m: 'wish'; readonly mode: 'awake' | 'asleep' | 'draining' | 'shutdown'; readonly lazy: boolean };

/** Binary frame with log bytes: a header of 24 bytes, big endian, then the bytes (at most 256 KiB). */
export const logFrame = {
  header: 24,
  maxBytes: 262_144,
  /** byte 0: version 1; byte 1: stream 0 out, 1 err, 2 log; 2-3: zero; 4-11: task (u64); 12-15: attempt (u32); 16-23: offset (u64) */
  version: 1,
  streams: ['out', 'err', 'log'] as const,
} as const;

export type LogStream = (typeof logFrame.streams)[number];

export function encodeLogFrame(task: number, attempt: number, stream: LogStream, offset: number, bytes: Uint8Array): Uint8Array {
  const frame = new Uint8Array(logFrame.header + bytes.length);
  const view = new DataView(frame.buffer);
  view.setUint8(0, logFrame.version);
  view.setUint8(1, logFrame.streams.indexOf(stream));
  view.setBigUint64(4, BigInt(task));
  view.setUint32(12, attempt);
  view.setBigUint64(16, BigInt(offset));
  frame.set(bytes, logFrame.header);
  return frame;
}

export interface LogFrame {
  readonly task: number;
  readonly attempt: number;
  readonly stream: LogStream;
  readonly offset: number;
  /** A view into the frame. */
  readonly bytes: Uint8Array;
}

/**
 * Binary frame with a live value: a header of 24 bytes, big endian, then the name, then the bytes. Sent only for what is
 * watched (`watch`), newest wins, never stored. One frame is one whole value.
 */
export const liveFrame = {
  header: 24,
  nameLength: 64,
  maxBytes: 16 * 1_048_576,
  /** byte 0: version 2 (1 is a log frame); byte 1: length of the name; 2-3: zero; 4-11: task; 12-15: attempt; 16-23: `at` (u64) */
  version: 2,
  /** Names of one attempt that can be watched at a time. */
  names: 16,
} as const;

export interface LiveFrame {
  readonly task: number;
  readonly attempt: number;
  /** ASCII. */
  readonly name: string;
  /** Where in the task the value belongs, in the task's own measure (the unit of its progress); rises within an attempt. */
  readonly at: number;
  /** A view into the frame when decoded. */
  readonly bytes: Uint8Array;
}

export function encodeLiveFrame({ task, attempt, name, at, bytes }: LiveFrame): Uint8Array {
  const start = liveFrame.header + name.length;
  const frame = new Uint8Array(start + bytes.length);
  const view = new DataView(frame.buffer);
  view.setUint8(0, liveFrame.version);
  view.setUint8(1, name.length);
  view.setBigUint64(4, BigInt(task));
  view.setUint32(12, attempt);
  view.setBigUint64(16, BigInt(at));
  for (let i = 0; i < name.length; i += 1) frame[liveFrame.header + i] = name.charCodeAt(i);
  frame.set(bytes, start);
  return frame;
}

/** Null: not a live frame of this version, or out of bounds. */
export function decodeLiveFrame(frame: Uint8Array): LiveFrame | null {
  if (frame.length < liveFrame.header || frame[0] !== liveFrame.version) return null;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const start = liveFrame.header + view.getUint8(1);
  const task = view.getBigUint64(4);
  const at = view.getBigUint64(16);
  const top = BigInt(Number.MAX_SAFE_INTEGER);
  const name = String.fromCharCode(...frame.subarray(liveFrame.header, start));
  if (frame.length < start || frame.length - start > liveFrame.maxBytes || task > top || at > top) return null;
  if (!liveName.test(name)) return null;
  return { task: Number(task), attempt: view.getUint32(12), name, at: Number(at), bytes: frame.subarray(start) };
}

const liveName = /^[A-Za-z0-9_.:-]{1,64}$/;

/** Null: not a log frame of this version, or out of bounds. */
export function decodeLogFrame(frame: Uint8Array): LogFrame | null {
  if (frame.length < logFrame.header || frame.length > logFrame.header + logFrame.maxBytes) return null;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const stream = logFrame.streams[view.getUint8(1)];
  const task = view.getBigUint64(4);
  const offset = view.getBigUint64(16);
  const top = BigInt(Number.MAX_SAFE_INTEGER);
  if (view.getUint8(0) !== logFrame.version || stream === undefined || task > top || offset > top) return null;
  return {
    task: Number(task),
    attempt: view.getUint32(12),
    stream,
    offset: Number(offset),
    bytes: frame.subarray(logFrame.header),
  };
}
