import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

type Env = Readonly<Record<string, string | undefined>>;

/** Where `switchyard login` keeps the token of a server: one file each, which only this user may read. */
export function storedTokenPath(server: string, env: Env): string {
  const base = env.XDG_CONFIG_HOME?.startsWith('/') ? env.XDG_CONFIG_HOME : join(env.HOME ?? homedir(), '.config');
  return join(base, 'switchyard', 'logins', `${server.replace(/[^A-Za-z0-9.-]+/g, '_')}.token`);
}

export async function readStoredToken(path: string): Promise<string | null> {
  const text = await readFile(path, 'utf8').catch(() => null);
  return text === null || text.trim() === '' ? null : text.trim();
}

export async function writeStoredToken(path: string, token: string): Promise<void> {
  const dir = join(path, '..');
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await chmod(dir, 0o700);
  const draft = `${path}.tmp`;
  await rm(draft, { force: true });
  await writeFile(draft, `${token}\n`, { mode: 0o600, flag: 'wx' });
  await rename(draft, path);
}

export async function removeStoredToken(path: string): Promise<void> {
  await rm(path, { force: true });
}
