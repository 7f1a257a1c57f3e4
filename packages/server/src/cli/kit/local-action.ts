import type { Command } from 'commander';
import { fail } from './action.ts';

/** Wraps the work of a command that needs no server: whatever is thrown becomes a sentence and an exit code. */
export function localAction<O, A extends readonly unknown[]>(
  work: (options: O, ...args: A) => Promise<number>,
): (this: Command, ...args: unknown[]) => Promise<void> {
  return async function run(this: Command, ...args: unknown[]): Promise<void> {
    // Commander hands in the arguments, then the options, then the command.
    const given = args.slice(0, -2) as unknown as A;
    try {
      process.exitCode = await work(this.optsWithGlobals<O & Record<string, unknown>>(), ...given);
    } catch (error) {
      fail(error, null);
    }
  };
}

/** The flag that says whose data it is. */
export function withData(command: Command): Command {
  return command
    .optionsGroup('Options:')
    .option('--data <dir>', "the server's folder DATA; default: $SWITCHYARD_DATA, else ~/.local/share/switchyard");
}
