import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One agent per folder. Null: it is ours, until `release`; else who has it. A killed owner's lock counts for nothing. */
export function lockFolder(folder: string): { readonly release: () => void } | { readonly owner: number } {
  const path = join(folder, 'lock');
  const mine = `${process.pid} ${startOf(process.pid)}`;
  for (;;) {
    try {
      writeFileSync(path, mine, { flag: 'wx', mode: 0o600 });
      return { release: () => rmSync(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const [pid, start] = textOf(path).split(' ');
    const owner = Number(pid);
    if (owner > 0 && startOf(owner) === start && start !== '') return { owner };
    rmSync(path, { force: true });
  }
}

/** When a process began, so that a number used again is not taken for its former owner; empty: there is none. */
function startOf(pid: number): string {
  const stat = textOf(`/proc/${pid}/stat`);
  if (stat !== '') return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  try {
    process.kill(pid, 0);
    return process.platform === 'linux' ? '' : 'alive';
  } catch {
    return '';
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
