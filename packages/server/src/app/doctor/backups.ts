import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Finding, fine, warning } from './finding.ts';

const weekMs = 7 * 86_400_000;

/** `DATA/last-backup.json`, written by `switchyard backup`. */
export async function lastBackup(data: string, now: number): Promise<Finding> {
  const todo = 'switchyard backup DIR --keep 14, every night (deploy/switchyard-backup.timer does it)';
  const text = await readFile(join(data, 'last-backup.json'), 'utf8').catch(() => null);
  if (text === null) return warning('backup', 'none was ever made', todo);
  const made = madeAt(text);
  if (made === null) return warning('backup', 'when the last one was made cannot be read', todo);
  const days = Math.floor((now - made) / 86_400_000);
  const when = days === 0 ? 'within a day' : `${days} ${days === 1 ? 'day' : 'days'} ago`;
  return now - made > weekMs
    ? warning('backup', `the last one was made ${when}`, todo)
    : fine('backup', `the last one was made ${when}`);
}

function madeAt(text: string): number | null {
  try {
    const { made } = JSON.parse(text) as { made?: unknown };
    const at = typeof made === 'string' ? Date.parse(made) : Number.NaN;
    return Number.isNaN(at) ? null : at;
  } catch {
    return null;
  }
}
