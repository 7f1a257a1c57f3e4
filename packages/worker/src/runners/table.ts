import { noop } from './noop.ts';
import type { Runner } from './runner.ts';
import { shell } from './shell.ts';

/** Every kind of task that this worker can run. `byDefault`: offered without being asked for. */
export const runners: Readonly<Record<string, { readonly runner: Runner; readonly byDefault: boolean }>> = {
  shell: { runner: shell, byDefault: true },
  noop: { runner: noop, byDefault: false },
};

export const defaultKinds: readonly string[] = Object.keys(runners).filter((kind) => runners[kind]?.byDefault);
