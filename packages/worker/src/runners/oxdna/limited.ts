import { existsSync } from 'node:fs';
import { limits } from '../../limits.ts';

const shell = '/bin/sh';
/** More files than an engine opens, far fewer than a leak would. */
const openFiles = 256;
/** Bytes in a block of `ulimit -f`. */
const block = 512;

/**
 * The command under resource limits: no core files, few open files, no file larger than we would keep, and with `ramMb` no more
 * address space than twice that. A shell sets them and becomes the program (`exec`): same process, and nothing of the
 * command is part of the script's text. Limits that this system does not have are left out.
 */
export function limited(argv: readonly string[], ramMb: number): string[] {
  if (!existsSync(shell)) return [...argv];
  const rules = [`-c 0`, `-n ${openFiles}`, `-f ${Math.floor(limits.artifactBytes / block)}`];
  if (ramMb > 0) rules.push(`-v ${ramMb * 2 * 1_024}`);
  const script = `${rules.map((rule) => `ulimit ${rule} 2>/dev/null`).join('\n')}\nexec "$0" "$@"`;
  return [shell, '-c', script, ...argv];
}
