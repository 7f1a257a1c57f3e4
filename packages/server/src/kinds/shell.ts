import { ShellSpec } from '@switchyard/sdk/task-spec.ts';
import type { KindRow } from './kind-row.ts';
import { planShell, shellName } from './shell-task.ts';

/** One command, or an array of it. */
export const shell: KindRow = {
  text: 'one command, or an array of it',
  spec: ShellSpec,
  compile(given) {
    const spec = given as ShellSpec;
    const planned = planShell(spec, { key: null, at: '/spec', resolve: () => null });
    if (planned.refusal !== undefined) return planned;
    const { plan, body } = planned.value;
    // The job's spec is what was asked for; the task's body is stored apart only where it says less.
    const text = JSON.stringify(spec);
    return { value: { name: shellName(spec.argv), spec: text, tasks: [{ ...plan, body }] } };
  },
};
