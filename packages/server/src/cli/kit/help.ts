import type { Command } from 'commander';
import { exitCodeHelp } from './exit-codes.ts';

/** Examples under the help of a command: what to type, and what it does. */
export function withExamples(command: Command, examples: readonly (readonly [string, string])[], notes = ''): Command {
  const width = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, text]) => (width > 58 ? `  # ${text}\n  $ ${line}` : `  $ ${line.padEnd(width)}   ${text}`));
  const more = notes === '' ? '' : `\n${notes.trim()}\n`;
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}\n${more}${exitCodeHelp}`);
}
