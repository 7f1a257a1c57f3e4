import type { Command } from 'commander';
import { type Connection, type ConnectionOptions, connect } from './connection.ts';
import { explain } from './explain.ts';
import { paint, say } from './output.ts';

/** What a command is given: a client for the server that its flags name. */
export type Context = Connection;

/**
 * Wraps the work of a command that talks to a server: connects, turns whatever is thrown into a sentence and an exit code.
 * The work returns the exit code. `failure`: the exit code for everything that is not the job's own doing (`run`: 125).
 */
export function action<O extends ConnectionOptions, A extends readonly unknown[]>(
  work: (context: Context, options: O, ...args: A) => Promise<number>,
  failure?: number,
): (this: Command, ...args: unknown[]) => Promise<void> {
  return async function run(this: Command, ...args: unknown[]): Promise<void> {
    // Commander hands in the arguments, then the options, then the command.
    const given = args.slice(0, -2) as unknown as A;
    let connection: Connection | null = null;
    try {
      connection = await connect(this.optsWithGlobals<O>());
      process.exitCode = await work(connection, this.optsWithGlobals<O>(), ...given);
    } catch (error) {
      fail(error, connection, failure);
    }
  };
}

export function fail(error: unknown, connection: Connection | null, failure?: number): void {
  const { text, exitCode } = explain(error, connection);
  say(`${paint('red', 'switchyard:', process.stderr)} ${text}`);
  process.exitCode = failure ?? exitCode;
}
