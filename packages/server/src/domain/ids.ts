/** Jobs, tasks and workers are integers given out by the store: they start at 1 and are never used again, not even after a crash. */
export type JobId = number;
/** An array reserves a block of task ids; the task of index `i` is `firstId + i`. The array itself goes by its first id. */
export type TaskId = number;
export type WorkerId = number;
/** Grows with every connection or sign-on; the epoch of a worker's present connection. Never used again. */
export type SessionNumber = number;
/** Grows per task only; the fencing token of one run. 0: never started. */
export type AttemptNumber = number;
export type ClassId = number;
export type BodyId = number;
/** Milliseconds since 1970, UTC. Becomes ISO 8601 at the edges. */
export type Millis = number;
