import Type, { type Static } from 'typebox';
import { closed, Id, Name, Time } from './names.ts';

/** A worker that gets no tasks of a kind of a job, until then or until it is forgiven. */
export const BlockView = Type.Object({
  job: Id,
  worker: Id,
  kind: Type.String(),
  at: Time,
  until: Type.Union([Time, Type.Null()]),
});
export type BlockView = Static<typeof BlockView>;

export const BlockList = Type.Object({ blocks: Type.Array(BlockView) });

export const BlockRequest = Type.Object(
  {
    worker: Id,
    kind: Name,
    /** What it runs of that is stopped and goes back. Default false. */
    requeue: Type.Optional(Type.Boolean()),
    until: Type.Optional(Time),
  },
  closed,
);
export type BlockRequest = Static<typeof BlockRequest>;
