import Type, { type Static } from 'typebox';
import { ArrayView } from './array.ts';
import { JobView } from './job.ts';

/** A job with its request as submitted and its arrays. Its tasks have an address of their own: they may be millions. */
export const JobDetail = Type.Object({ ...JobView.properties, spec: Type.Unknown(), arrays: Type.Array(ArrayView) });
export type JobDetail = Static<typeof JobDetail>;

/** Answer to a command on a whole job: how many tasks it reached so far; `sweeping` says that the rest follows by itself. */
export const MovedView = Type.Object({ job: JobView, moved: Type.Integer(), sweeping: Type.Boolean() });
export type MovedView = Static<typeof MovedView>;

/** `child` waits for `parent`; an array waits as a whole. Jobs as parents are in `after`. */
export const EdgeView = Type.Object({
  parentKind: Type.Enum(['task', 'array', 'job']),
  parent: Type.Integer(),
  childKind: Type.Enum(['task', 'array']),
  child: Type.Integer(),
  /** The parent has succeeded. */
  done: Type.Boolean(),
});
export type EdgeView = Static<typeof EdgeView>;

/** `complete: false`: there are more than are told. */
export const EdgeList = Type.Object({ edges: Type.Array(EdgeView), complete: Type.Boolean() });
export type EdgeList = Static<typeof EdgeList>;
