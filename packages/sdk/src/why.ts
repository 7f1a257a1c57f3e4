import Type, { type Static } from 'typebox';
import { Id, Time } from './names.ts';

/** One reason why something waits, for people (`text`) and for programs (`code`, `data`). */
export const CauseView = Type.Object({
  code: Type.String({
    description:
      'held, job, time, parent, offered, pool, limit, rate, nobody; of workers: kind, pin, tags, size, status, mode, asked, testing, gate, blocked, excluded, busy, kept, behind',
  }),
  text: Type.String(),
  /** A time at which it ends by itself. */
  until: Type.Union([Time, Type.Null()]),
  /** Workers that it is about, at most ten; `count` says how many there are. */
  workers: Type.Array(Type.Object({ id: Id, name: Type.String() })),
  count: Type.Integer(),
  /** What else belongs to it, by its code. */
  data: Type.Record(Type.String(), Type.Unknown()),
});
export type CauseView = Static<typeof CauseView>;

/** `causes` is empty when nothing keeps the task: it runs, has ended, or the next claim takes it. */
export const TaskWhyView = Type.Object({ task: Id, job: Id, state: Type.String(), causes: Type.Array(CauseView) });
export type TaskWhyView = Static<typeof TaskWhyView>;

/** Over the first hundred tasks of the job that wait, arrays as a whole: what keeps most of them comes first. */
export const JobWhyView = Type.Object({
  job: Id,
  state: Type.String(),
  /** Tasks that were looked at, and of these how many nothing keeps. */
  waiting: Type.Integer(),
  free: Type.Integer(),
  causes: Type.Array(
    Type.Object({ ...CauseView.properties, tasks: Type.Integer(), example: Type.Integer({ description: 'id of one of them' }) }),
  ),
});
export type JobWhyView = Static<typeof JobWhyView>;
