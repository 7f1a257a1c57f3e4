import { succeeded } from '../outcome.ts';
import type { Runner } from './runner.ts';

/** Does nothing, successfully: measures everything around a task. Only where the worker was started with `--kind noop`. */
export const noop: Runner = { how: 'instant', run: () => succeeded };
