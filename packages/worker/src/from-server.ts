import { Amount, Id, limits, Sha256 } from '@switchyard/sdk/names.ts';
import type { ToWorker } from '@switchyard/sdk/worker-wire.ts';
import { liveFrame, WireAmounts } from '@switchyard/sdk/worker-wire.ts';
import Type from 'typebox';
import { Compile } from 'typebox/schema';

/** What the server may say, as checks. Fields and messages that we do not know are a newer server's: ignored. */
const Path = Type.String({ minLength: 1, maxLength: limits.pathLength });
const Fence = { task: Id, attempt: Type.Integer({ minimum: 1, maximum: 0xffff_ffff }) };
const orNull = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

const BodyInput = Type.Union([
  Type.Object({ path: Path, blob: Sha256, mode: Type.Optional(Type.Literal('exec')) }),
  Type.Object({ path: Path, task: Id, count: Type.Integer({ minimum: 1, maximum: limits.arraySize }), artifact: Path }),
]);

const WireTask = Type.Object({
  ...Fence,
  job: Id,
  jobName: Type.String(),
  kind: Type.String({ minLength: 1, maxLength: limits.nameLength }),
  index: orNull(Amount),
  value: orNull(Type.String()),
  key: orNull(Type.String()),
  amounts: WireAmounts,
  timeoutMs: Amount,
  silenceMs: Amount,
  checkpoint: Type.Unknown(),
  body: Type.Object({
    payload: Type.Unknown(),
    inputs: Type.Optional(Type.Array(BodyInput, { maxItems: limits.inputs })),
    outputs: Type.Optional(Type.Array(Path, { maxItems: limits.outputs })),
  }),
});

const Lengths = Type.Object({ ...Fence, out: Amount, err: Amount, log: Amount });
const Mode = Type.Union((['awake', 'asleep', 'draining', 'shutdown'] as const).map((mode) => Type.Literal(mode)));
const Stream = Type.Union((['out', 'err', 'log'] as const).map((stream) => Type.Literal(stream)));

const checks = {
  welcome: Compile(
    Type.Object({
      worker: Id,
      session: Id,
      leaseMs: Type.Integer({ minimum: 1, maximum: 86_400_000 }),
      kill: Type.Array(Type.Object(Fence)),
      logs: Type.Array(Lengths),
    }),
  ),
  run: Compile(Type.Object({ task: WireTask })),
  offer: Compile(Type.Object({ task: WireTask })),
  go: Compile(Type.Object(Fence)),
  withdraw: Compile(Type.Object({ task: Id })),
  kill: Compile(Type.Object(Fence)),
  suspend: Compile(Type.Object(Fence)),
  resume: Compile(Type.Object(Fence)),
  ended: Compile(Type.Object(Fence)),
  logged: Compile(Type.Object({ ...Fence, stream: Stream, length: Amount })),
  watch: Compile(
    Type.Object({
      ...Fence,
      names: Type.Array(Type.String({ minLength: 1, maxLength: liveFrame.nameLength }), { maxItems: liveFrame.names }),
    }),
  ),
  wish: Compile(Type.Object({ mode: Mode, lazy: Type.Boolean() })),
} as const satisfies Record<ToWorker['m'], unknown>;

export type Checked =
  | { readonly message: ToWorker }
  /** Not a message that we know: to be ignored. */
  | { readonly unknown: string }
  /** `task` and `attempt` where they could be read at all: so that it can be handed back. */
  | { readonly malformed: string; readonly task: number | null; readonly attempt: number | null };

const plainId = Compile(Id);

export function checkMessage(value: unknown): Checked {
  const name = isRecord(value) ? value.m : undefined;
  if (typeof name !== 'string') return { malformed: 'a message without a name', task: null, attempt: null };
  if (!Object.hasOwn(checks, name)) return { unknown: name };
  // `name` is one of the table's: the schemas mirror `ToWorker`, which has no schema of its own.
  if (checks[name as ToWorker['m']].Check(value)) return { message: value as unknown as ToWorker };
  const at = isRecord(value) && isRecord(value.task) ? value.task : value;
  return { malformed: name, task: idIn(at, 'task'), attempt: idIn(at, 'attempt') };
}

function idIn(value: unknown, field: string): number | null {
  const id = isRecord(value) ? value[field] : undefined;
  return plainId.Check(id) ? id : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
