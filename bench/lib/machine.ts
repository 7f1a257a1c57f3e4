import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FlushTime, flushTime } from './flush-time.ts';
import { runCommand } from './run-command.ts';

const home = fileURLToPath(new URL('..', import.meta.url));

/** What a figure depends on beside the code. */
export interface Machine {
  readonly processors: string;
  readonly memoryGb: number;
  readonly system: string;
  readonly node: string;
  readonly sqlite: string;
  readonly commit: string;
  /** Load average of the last minute before the run; beyond the number of processors the figures are too low. */
  readonly load: number;
  readonly flush: FlushTime;
}

export async function describeMachine(): Promise<Machine> {
  const commit = await runCommand('git', ['-C', home, 'rev-parse', '--short', 'HEAD']).catch(() => 'unknown');
  const [one] = cpus();
  return {
    processors: `${cpus().length} × ${one?.model ?? 'unknown'}`,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()}`,
    node: process.version,
    sqlite: process.versions.sqlite ?? 'unknown',
    commit: commit.trim(),
    load: loadavg()[0] ?? 0,
    flush: await flushTime(),
  };
}

/** Of the libraries in `bench/package.json`. */
export function libraryVersions(): Readonly<Record<string, string>> {
  const { dependencies } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  return dependencies;
}
