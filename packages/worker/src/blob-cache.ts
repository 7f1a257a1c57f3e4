import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Answer, ServerFiles } from './server-files.ts';

interface Entry {
  size: number;
  /** Tasks that are copying it now. */
  users: number;
}

/** Input files by content, on disk, fetched once whoever asks. The least recently used go when there are too many bytes. */
export class BlobCache {
  readonly #folder: string;
  readonly #most: number;
  readonly #files: ServerFiles;
  readonly #entries = new Map<string, Entry>();
  readonly #fetching = new Map<string, Promise<Answer<null>>>();
  #bytes = 0;
  #parts = 0;

  constructor(folder: string, most: number, files: ServerFiles) {
    this.#folder = folder;
    this.#most = most;
    this.#files = files;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(folder)) this.#adopt(name);
  }

  /** The file that holds the blob, held until `release`. */
  async take(blob: string, stop: AbortSignal): Promise<Answer<{ path: string; release: () => void }>> {
    for (;;) {
      const entry = this.#entries.get(blob);
      if (entry !== undefined && (await this.#whole(blob, entry))) return { value: this.#hold(blob, entry) };
      const others = this.#fetching.get(blob);
      const fetched = await (others ?? this.#fetchOnce(blob, stop));
      if (stop.aborted) return { unreachable: 'stopped' };
      // Another task's fetch that was stopped with that task says nothing: ours goes on by itself.
      if ('refused' in fetched || ('unreachable' in fetched && others === undefined)) return fetched;
    }
  }

  /** Fetches it ahead; failures show when it is needed. */
  async prefetch(blob: string, stop: AbortSignal): Promise<void> {
    if (!this.#entries.has(blob)) await this.#fetchOnce(blob, stop);
  }

  #adopt(name: string): void {
    const path = join(this.#folder, name);
    if (/^[0-9a-f]{64}$/.test(name)) this.#add(name, statSync(path).size);
    else void rm(path, { recursive: true, force: true });
  }

  #add(blob: string, size: number): void {
    this.#entries.set(blob, { size, users: 0 });
    this.#bytes += size;
  }

  /** Somebody may have cleaned the folder. */
  async #whole(blob: string, entry: Entry): Promise<boolean> {
    const found = await stat(join(this.#folder, blob)).catch(() => null);
    if (found?.size === entry.size) return true;
    if (this.#entries.get(blob) === entry) this.#forget(blob, entry);
    return false;
  }

  #hold(blob: string, entry: Entry): { path: string; release: () => void } {
    entry.users += 1;
    // Newest last: the map's order is the order of use.
    this.#entries.delete(blob);
    this.#entries.set(blob, entry);
    return {
      path: join(this.#folder, blob),
      release: () => {
        entry.users -= 1;
        this.#shrink();
      },
    };
  }

  #fetchOnce(blob: string, stop: AbortSignal): Promise<Answer<null>> {
    const running = this.#fetching.get(blob);
    if (running !== undefined) return running;
    const fetching = this.#fetch(blob, stop).finally(() => this.#fetching.delete(blob));
    this.#fetching.set(blob, fetching);
    return fetching;
  }

  async #fetch(blob: string, stop: AbortSignal): Promise<Answer<null>> {
    this.#parts += 1;
    const part = join(this.#folder, `${blob}.${this.#parts}.part`);
    const answer = await this.#files.download(blob, part, stop);
    if (!('value' in answer)) {
      await rm(part, { force: true });
      return answer;
    }
    const { size } = await stat(part);
    await rename(part, join(this.#folder, blob));
    this.#add(blob, size);
    this.#shrink(blob);
    return answer;
  }

  #shrink(keep?: string): void {
    for (const [blob, entry] of this.#entries) {
      if (this.#bytes <= this.#most) return;
      if (entry.users > 0 || blob === keep) continue;
      this.#forget(blob, entry);
      void rm(join(this.#folder, blob), { force: true });
    }
  }

  #forget(blob: string, entry: Entry): void {
    this.#entries.delete(blob);
    this.#bytes -= entry.size;
  }
}
