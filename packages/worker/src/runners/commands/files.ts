import { chmod, copyFile, link, mkdir, readdir, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, isAbsolute, join, parse, resolve } from 'node:path';
import Type from 'typebox';
import { commandRow } from './command-row.ts';
import { notSeen } from './programs.ts';
import { refusal, type Trouble } from './trouble.ts';

const Path = Type.String({ minLength: 1 });
const Move = Type.Object({ src: Path, dest: Path });

/** What stands there, or null. */
async function seen(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}

function notAbsolute(...paths: readonly string[]): Trouble | null {
  const path = paths.find((one) => !isAbsolute(one) || one.includes('\0'));
  return path === undefined ? null : refusal(`${JSON.stringify(path)} is not an absolute path on this worker`);
}

export const createPythonFile = commandRow(
  Type.Object({ filepath: Path, contents: Type.String() }),
  async ({ filepath, contents }, { say }) => {
    if (!filepath.endsWith('.py')) return refusal(`create_python_file: ${filepath} does not end with .py`);
    const wrong = notAbsolute(filepath);
    if (wrong !== null) return wrong;
    await mkdir(dirname(filepath), { recursive: true });
    await writeFile(filepath, contents);
    say(`${filepath} is written`);
    return null;
  },
);

export const copyOne = commandRow(Move, async ({ src, dest }, { worker, say, produced }) => {
  const wrong = notAbsolute(src, dest);
  if (wrong !== null) return wrong;
  const about = await seen(src);
  if (about === null) return notSeen('the file', src, worker);
  if (about.isDirectory()) return refusal(`copy_file: ${src} is a folder`);
  if (resolve(src) === resolve(dest)) return refusal(`copy_file: ${src} is the place itself that it is to be copied to`);
  await mkdir(dirname(dest), { recursive: true });
  await copyFile(src, dest);
  await chmod(dest, about.mode);
  say(`${src} is copied to ${dest}`);
  produced(dest);
  return null;
});

export const moveOutOfWay = commandRow(Type.Object({ src: Path }), async ({ src }, { say }) => {
  const wrong = notAbsolute(src);
  if (wrong !== null) return wrong;
  const moved = await moveAway(src);
  say(moved === null ? `there is nothing at ${src}` : `${src} is now ${moved}`);
  return null;
});

/** The new name, or null: there was nothing (flamenco §6.1 move_out_of_way). */
async function moveAway(path: string): Promise<string | null> {
  const about = await seen(path);
  if (about === null) return null;
  const iso = about.mtime.toISOString();
  const stamped = `${path}-${iso.slice(0, 10)}_${iso.slice(11, 19).replaceAll(':', '')}`;
  let away = stamped;
  for (let n = 1; (await seen(away)) !== null; n++) away = `${stamped}~${n}`;
  await rename(path, away);
  return away;
}

/** A rename, so that the final folder appears whole. */
export const moveToFinal = commandRow(Move, async ({ src, dest }, { worker, say }) => {
  const wrong = notAbsolute(src, dest);
  if (wrong !== null) return wrong;
  if ((await seen(src)) === null) {
    // Moved already, by an attempt that could not say so. With neither there, this worker looks at another disk.
    if ((await seen(dest)) === null) return notSeen('the folder', src, worker);
    say(`there is nothing at ${src}; ${dest} is there already`);
    return null;
  }
  const away = await moveAway(dest);
  if (away !== null) say(`${dest} is now ${away}`);
  await mkdir(dirname(dest), { recursive: true });
  const trouble = await renamed(src, dest, worker);
  if (trouble === null) say(`${src} is now ${dest}`);
  return trouble;
});

async function renamed(src: string, dest: string, worker: string): Promise<Trouble | null> {
  try {
    await rename(src, dest);
    return null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    return refusal(`${src} and ${dest} are on different file systems of ${worker}; it can only be renamed within one`);
  }
}

/** Never over a file that is there: counts on instead (flamenco §6.1 move_with_counter). */
export const moveWithCounter = commandRow(Move, async ({ src, dest }, { worker, say, produced }) => {
  const wrong = notAbsolute(src, dest);
  if (wrong !== null) return wrong;
  if ((await seen(src)) === null) return notSeen('the file', src, worker);
  const folder = dirname(dest);
  await mkdir(folder, { recursive: true });
  const taken = new Set(await readdir(folder));
  for (let n = 1; ; n++) {
    const name = numbered(basename(dest), n);
    if (taken.has(name)) continue;
    const place = join(folder, name);
    if (!(await claimed(src, place))) continue;
    say(`${src} is now ${place}`);
    produced(place);
    return null;
  }
});

/** `2018_12_06-spring.mkv` -> `2018_12_06_001-spring.mkv`; without such a beginning `spring_001.mkv`. */
export function numbered(name: string, n: number): string {
  const number = String(n).padStart(3, '0');
  const lead = /^[0-9_]*[0-9]/.exec(name)?.[0];
  if (lead !== undefined) return `${lead}_${number}${name.slice(lead.length)}`;
  const ending = extname(name);
  return `${name.slice(0, name.length - ending.length)}_${number}${ending}`;
}

/** Moves the file there unless somebody was faster. */
async function claimed(src: string, place: string): Promise<boolean> {
  try {
    await link(src, place);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    // Folders, and file systems without links: the names were looked at just before.
    await rename(src, place);
    return true;
  }
  await unlink(src);
  return true;
}

export const removeTree = commandRow(Type.Object({ path: Path }), async ({ path }, { say }) => {
  const wrong = notAbsolute(path);
  if (wrong !== null) return wrong;
  const place = resolve(path);
  if (place === parse(place).root) return refusal(`remove_tree: ${path} is everything`);
  const there = (await seen(path)) !== null;
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
  say(there ? `${path} is removed` : `there is nothing at ${path}`);
  return null;
});

export const removeFile = commandRow(Type.Object({ path: Path }), async ({ path }, { say }) => {
  const wrong = notAbsolute(path);
  if (wrong !== null) return wrong;
  const about = await seen(path);
  if (about?.isDirectory() === true) return refusal(`remove_file: ${path} is a folder`);
  await rm(path, { force: true });
  say(about === null ? `there is nothing at ${path}` : `${path} is removed`);
  return null;
});
