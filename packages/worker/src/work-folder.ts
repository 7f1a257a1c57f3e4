import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The worker's own folder. What is below `runs`, `spool` and `parts` belongs to living attempts and is cleared at a start. */
export interface WorkFolder {
  readonly root: string;
  readonly runs: string;
  readonly spool: string;
  /** Input files by their SHA-256; kept over restarts. */
  readonly cache: string;
  readonly journal: string;
}

export function openWorkFolder(root: string): WorkFolder {
  const at = (name: string) => join(root, name);
  const folder = { root, runs: at('runs'), spool: at('spool'), cache: at('cache'), journal: at('journal') };
  for (const path of [root, folder.runs, folder.spool, folder.cache]) mkdirSync(path, { recursive: true, mode: 0o700 });
  return folder;
}

/** Only after what ran there is ended. */
export function clearLeftovers(folder: WorkFolder): void {
  for (const path of [folder.runs, folder.spool]) {
    rmSync(path, { recursive: true, force: true, maxRetries: 3 });
    mkdirSync(path, { recursive: true, mode: 0o700 });
  }
}

/** The installation's identity: made once, kept. */
export function instanceOf(folder: WorkFolder, uuid: () => string): string {
  const path = join(folder.root, 'instance');
  if (existsSync(path)) {
    const text = readFileSync(path, 'utf8').trim();
    if (/^[0-9A-Za-z-]{8,100}$/.test(text)) return text;
  }
  const made = uuid();
  writeFileSync(path, `${made}\n`, { mode: 0o600 });
  return made;
}
