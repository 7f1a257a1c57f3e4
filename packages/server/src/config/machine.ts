import { availableParallelism } from 'node:os';

/** Processors that this process may use. */
export const cpus = availableParallelism();
