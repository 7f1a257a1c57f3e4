import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { User } from './user.ts';

const exec = promisify(execFile);

/** Runs a program to its end; its standard output. Rejects on a failure. */
export async function runCommand(command: string, args: readonly string[], user?: User): Promise<string> {
  const { stdout } = await exec(command, args, { ...(user ?? {}), cwd: '/', maxBuffer: 1e7 });
  return stdout;
}
