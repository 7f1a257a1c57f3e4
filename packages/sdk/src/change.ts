import Type, { type Static } from 'typebox';
import { ProgressView } from './task.ts';

const idOrNull = Type.Union([Type.Integer(), Type.Null()]);

/** One event of `GET /v1/changes`: SSE `id` is the number, `event` the kind, `data` this object. */
export const ChangeView = Type.Object({
  number: Type.Integer(),
  at: Type.String(),
  kind: Type.String(),
  job: idOrNull,
  task: idOrNull,
  worker: idOrNull,
  data: Type.Record(Type.String(), Type.Unknown()),
});
export type ChangeView = Static<typeof ChangeView>;

/** How far a running task is, as its worker said last: `event: progress` of `GET /v1/changes?progress=true`, without a number. */
export const ProgressEvent = Type.Object({ job: Type.Integer(), task: Type.Integer(), ...ProgressView.properties });
export type ProgressEvent = Static<typeof ProgressEvent>;
