import { closed } from '@switchyard/sdk/names.ts';
import { Needs } from '@switchyard/sdk/task-spec.ts';
import Type, { type Static } from 'typebox';
import { command, planCommands } from './command-task.ts';
import type { KindRow } from './kind-row.ts';
import { knownVariables } from './render-paths.ts';
import { shellName } from './shell-task.ts';

const Spec = Type.Object({ cmd: Type.String({ minLength: 1, maxLength: 100_000 }), needs: Type.Optional(Needs) }, closed);

/** One command line, split as a POSIX shell would and run without one (flamenco §6.3). */
export const execCommand: KindRow = {
  text: 'one command line for any worker of a render farm',
  spec: Spec,
  looksAround: true,
  compile(given, _request, { variables }) {
    const spec = given as Static<typeof Spec>;
    // Further on braces may be the command's own business.
    const program = knownVariables('cmd', spec.cmd.trimStart().split(/\s/, 1)[0] ?? '', variables);
    if (program.refusal !== undefined) return program;
    const commands = [command('exec', { cmd: spec.cmd })];
    const task = planCommands({ key: 'exec-command', kind: 'debug', commands }, spec.needs);
    return { value: { name: shellName([spec.cmd]), spec: JSON.stringify(spec), tasks: [task] } };
  },
};
