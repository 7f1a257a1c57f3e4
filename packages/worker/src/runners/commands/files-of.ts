import { readdir } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';

/** Files of one folder whose names fit, `*` and `?` standing for what they always do; by name. */
export async function filesOf(pattern: string): Promise<string[]> {
  if (!isAbsolute(pattern)) return [];
  const folder = dirname(pattern);
  const fits = nameFits(basename(pattern));
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => fits.test(name))
    .sort()
    .map((name) => join(folder, name));
}

function nameFits(pattern: string): RegExp {
  const text = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${text}$`, 's');
}
