import Type, { type Static } from 'typebox';
import { AmountMap, Id, Time } from './names.ts';

export const AmountsView = Type.Object({
  slots: Type.Integer(),
  cpus: Type.Integer(),
  ramMb: Type.Integer(),
  named: AmountMap,
});
export type AmountsView = Static<typeof AmountsView>;

export const WorkerView = Type.Object({
  id: Id,
  name: Type.String(),
  owner: Type.String(),
  kinds: Type.Array(Type.String()),
  tags: Type.Array(Type.String()),
  status: Type.String(),
  mode: Type.String(),
  /** `closed`: it gets nothing before somebody says that it is clear. */
  gate: Type.Enum(['none', 'open', 'closed']),
  wanted: Type.Union([Type.Object({ mode: Type.String(), lazy: Type.Boolean() }), Type.Null()]),
  total: AmountsView,
  room: AmountsView,
  holding: Type.Integer(),
  info: Type.Record(Type.String(), Type.Unknown()),
  createdAt: Time,
  seenAt: Time,
});
export type WorkerView = Static<typeof WorkerView>;

/** What somebody asks a worker to become. */
export const WishRequest = Type.Object(
  {
    mode: Type.Enum(['awake', 'asleep', 'draining', 'shutdown']),
    /** After its present tasks. Default true. */
    lazy: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type WishRequest = Static<typeof WishRequest>;
