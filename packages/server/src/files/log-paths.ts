import { join } from 'node:path';
import type { TaskId } from '../domain/ids.ts';
import type { LogAddress } from '../ports/files.ts';

/** Where the logs of a task are, below the folder of all logs. At most a thousand entries in a folder below the first level. */
export function logFolderOf(dir: string, task: TaskId): string {
  const thousands = Math.floor(task / 1000);
  return join(dir, String(Math.floor(thousands / 1000)), String(thousands % 1000), String(task));
}

export const logPathOf = (dir: string, at: LogAddress): string => join(logFolderOf(dir, at.task), `${at.attempt}.${at.stream}`);
