import Type, { type Static } from 'typebox';
import { Id } from './names.ts';
import { TaskState } from './task.ts';

/** One array of a job: a single row that stands for `size` tasks, whose ids are `id … id + size - 1`. */
export const ArrayView = Type.Object({
  id: Id,
  key: Type.Union([Type.String(), Type.Null()]),
  kind: Type.String(),
  size: Type.Integer(),
  /** The first index that nobody has claimed yet; those from here on share `rest`. */
  next: Type.Integer(),
  rest: TaskState,
  /** The value of index i is `first + i * step`, or the i-th item where there are items. */
  first: Type.Integer(),
  step: Type.Integer(),
  items: Type.Boolean(),
  succeeded: Type.Integer(),
  /** Failed or canceled for good. */
  lost: Type.Integer(),
});
export type ArrayView = Static<typeof ArrayView>;
