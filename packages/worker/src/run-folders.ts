import { mkdirSync, readdirSync, rmdirSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

const mode = 0o700;

/**
 * Fresh working folders. One that comes back empty is given out again: making and removing a folder costs two writes to the
 * file system's journal, on a busy disk as much as starting a small program.
 */
export class RunFolders {
  readonly #root: string;
  readonly #free: string[] = [];
  #made = 0;

  constructor(root: string) {
    this.#root = root;
  }

  take(): string {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    this.#made += 1;
    const path = join(this.#root, String(this.#made));
    mkdirSync(path, { mode });
    return path;
  }

  give(path: string): void {
    if (untouched(path)) this.#free.push(path);
    // What cannot be removed now is removed at the next start.
    else rm(path, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
  }

  close(): void {
    for (const path of this.#free.splice(0)) {
      try {
        rmdirSync(path);
      } catch {
        // Somebody is in it: the next start clears it.
      }
    }
  }
}

function untouched(path: string): boolean {
  try {
    return (statSync(path).mode & 0o7777) === mode && readdirSync(path).length === 0;
  } catch {
    return false;
  }
}
