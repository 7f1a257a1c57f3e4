import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { type Environment, findProgram } from '../../find-program.ts';

/** The program: `OXDNA_BIN`, else `oxDNA` on the PATH. Null: there is none. */
export function findOxdna(environment: Environment): string | null {
  return findProgram(environment.OXDNA_BIN || 'oxDNA', environment);
}

const versionMs = 10_000;
/** By program and its time of change: asked once for each. */
const versions = new Map<string, Promise<string | null>>();

/** The version that `oxDNA -v` says; null: nothing of use. */
export function versionOf(program: string, environment: Environment): Promise<string | null> {
  const key = `${statSync(program, { throwIfNoEntry: false })?.mtimeMs} ${program}`;
  const known = versions.get(key) ?? askVersion(program, environment);
  versions.set(key, known);
  return known;
}

/** What the worker says of itself. */
export async function aboutOxdna(environment: Environment): Promise<Record<string, unknown>> {
  const program = findOxdna(environment);
  return program === null ? {} : { oxdna: { program, version: await versionOf(program, environment) } };
}

/** Whatever its exit code: the real one's is not 0. */
function askVersion(program: string, environment: Environment): Promise<string | null> {
  const env = { PATH: environment.PATH ?? '', LC_ALL: 'C', ...libraries(environment) };
  return new Promise((resolve) => {
    const options = { env, timeout: versionMs, killSignal: 'SIGKILL', maxBuffer: 65_536, encoding: 'latin1' } as const;
    execFile(program, ['-v'], options, (_, out, err) => {
      const line = /^.*?\boxDNA\s+v?(\d[^\s,]*).*$/im.exec(`${out}\n${err}`);
      resolve(line?.[1]?.slice(0, 60) ?? null);
    });
  });
}

/** Where the owner of the machine keeps its libraries (CUDA's above all). */
export function libraries(environment: Environment): Record<string, string> {
  const path = environment.LD_LIBRARY_PATH;
  return path === undefined || path === '' ? {} : { LD_LIBRARY_PATH: path };
}
