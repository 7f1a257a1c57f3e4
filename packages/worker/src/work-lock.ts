import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { alive, startMark } from './proc.ts';

export type Locked = { readonly release: () => void } | { readonly taken: string };

/**
 * One worker per folder. The lock names its owner by process number and start, so that a killed owner's lock is recognised
 * and a reused number is not taken for the owner.
 */
export function lockFolder(folder: string): Locked {
  const path = join(folder, 'lock');
  const mine = JSON.stringify({ pid: process.pid, start: startMark(process.pid), token: randomUUID() });
  for (let turn = 0; turn < 5; turn += 1) {
    if (create(path, mine)) return { release: () => release(path, mine) };
    const theirs = read(path);
    if (theirs === null) continue;
    const owner = ownerOf(theirs);
    if (owner !== null) {
      return {
        taken: `${folder} is in use by another worker (process ${owner}). Stop that one, or give this one another --work folder.`,
      };
    }
    removeStale(path, theirs);
  }
  return { taken: `${path} changes all the time: is another worker being started there?` };
}

function create(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** The living owner's process number, or null. */
function ownerOf(text: string): number | null {
  let value: { pid?: unknown; start?: unknown };
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    return null;
  }
  const { pid, start } = value;
  if (typeof pid !== 'number' || !Number.isInteger(pid) || pid <= 0 || !alive(pid)) return null;
  const now = startMark(pid);
  return typeof start === 'string' && now !== null && now !== start ? null : pid;
}

/** Moves it away first: if somebody else was faster and this is a new lock, it is put back. */
function removeStale(path: string, stale: string): void {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
    if (readFileSync(aside, 'utf8') !== stale) linkSync(aside, path);
    unlinkSync(aside);
  } catch {
    // Somebody else is at it too: the next turn sees what came of it.
  }
}

function release(path: string, mine: string): void {
  if (read(path) === mine) unlinkSync(path);
}
