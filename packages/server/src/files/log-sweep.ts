import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskId } from '../domain/ids.ts';
import { orMissing } from './disk.ts';

/** All logs of one task that have files. */
export interface LogFolder {
  readonly task: TaskId;
  readonly bytes: number;
  /** Last written, ms since 1970 as the file system says. */
  readonly writtenAt: number;
}

const number = /^\d{1,16}$/;

/** Every task's folder of logs, in no order. Strange files are passed over. */
export async function* logFolders(dir: string): AsyncGenerator<LogFolder> {
  for await (const millions of numbered(dir)) {
    for await (const thousands of numbered(join(dir, millions))) {
      const parent = join(dir, millions, thousands);
      for await (const task of numbered(parent)) yield await sizeOf(join(parent, task), Number(task));
    }
  }
}

async function* numbered(dir: string): AsyncGenerator<string> {
  const entries = await orMissing(opendir(dir));
  if (entries === null) return;
  for await (const entry of entries) if (entry.isDirectory() && number.test(entry.name)) yield entry.name;
}

async function sizeOf(folder: string, task: TaskId): Promise<LogFolder> {
  let bytes = 0;
  let writtenAt = 0;
  const entries = await orMissing(opendir(folder));
  if (entries !== null) {
    for await (const { name } of entries) {
      const facts = await orMissing(lstat(join(folder, name)));
      bytes += facts?.size ?? 0;
      writtenAt = Math.max(writtenAt, facts?.mtimeMs ?? 0);
    }
  }
  return { task, bytes, writtenAt };
}

/** Which of them are too old, and which must go too, oldest first, so that the rest fits. `mostBytes` null: no bound. */
export function tooMuch(
  folders: readonly LogFolder[],
  writtenBefore: number,
  mostBytes: number | null,
): { readonly task: TaskId; readonly bytes: number }[] {
  const oldestFirst = folders.toSorted((a, b) => a.writtenAt - b.writtenAt);
  let left = folders.reduce((sum, { bytes }) => sum + bytes, 0);
  const gone: { task: TaskId; bytes: number }[] = [];
  for (const { task, bytes, writtenAt } of oldestFirst) {
    const old = writtenAt < writtenBefore;
    const over = mostBytes !== null && left > mostBytes;
    if (!old && !over) break;
    gone.push({ task, bytes });
    left -= bytes;
  }
  return gone;
}
