import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

type Env = Readonly<Record<string, string | undefined>>;

/** DATA where nobody named one. */
export function defaultDataDir(env: Env): string {
  const base = env.XDG_DATA_HOME;
  // The XDG specification says that a relative path there is to be ignored.
  const root = base?.startsWith('/') ? base : join(env.HOME ?? homedir(), '.local', 'share');
  return join(root, 'switchyard');
}

/** DATA by flag, variable or default, absolute. */
export function dataDirOf(flag: string | undefined, env: Env): string {
  const named = flag ?? env.SWITCHYARD_DATA;
  return named === undefined || named === '' ? defaultDataDir(env) : resolve(named);
}
