import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

const endings = process.platform === 'win32' ? ['', '.exe', '.cmd', '.bat'] : [''];

/** Where a program is: a path that may be executed, or a name on the PATH of this environment. Null: nowhere. */
export function findProgram(name: string, environment: Environment): string | null {
  if (name === '') return null;
  if (/[\\/]/.test(name)) return isAbsolute(name) && runs(name) ? name : null;
  for (const folder of (environment.PATH ?? '').split(delimiter)) {
    for (const ending of endings) {
      const path = join(folder, name + ending);
      if (isAbsolute(path) && runs(path)) return path;
    }
  }
  return null;
}

function runs(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
