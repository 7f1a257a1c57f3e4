import { realpath } from 'node:fs/promises';
import { isAbsolute, join, normalize, sep } from 'node:path';

/** The path below `root` that `path` names, or null when it would leave it. Pure: links are not looked at (see `realInside`). */
export function inside(root: string, path: string): string | null {
  if (path === '' || path.includes('\0') || isAbsolute(path)) return null;
  const plain = normalize(path);
  if (plain === '..' || plain.startsWith(`..${sep}`) || isAbsolute(plain)) return null;
  return join(root, plain);
}

/** The real place of an existing file, or null when links lead out of `root`. Throws when it does not exist. */
export async function realInside(root: string, path: string): Promise<string | null> {
  const [realRoot, real] = await Promise.all([realpath(root), realpath(path)]);
  return real === realRoot || real.startsWith(realRoot.endsWith(sep) ? realRoot : realRoot + sep) ? real : null;
}
