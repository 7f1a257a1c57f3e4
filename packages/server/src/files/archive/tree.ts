import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { orMissing } from '../disk.ts';

/** Regular files below a folder, as paths with `/`. `skip` is asked for every entry, folders too. Links are not followed. */
export async function* filesBelow(root: string, skip: (path: string) => boolean): AsyncGenerator<string> {
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const entries = await orMissing(opendir(join(root, folder)));
    if (entries === null) continue;
    for await (const entry of entries) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (skip(path)) continue;
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile()) yield path;
    }
  }
}
