import { mkdir, rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { TaskId } from '../domain/ids.ts';
import type { LogAddress, LogFiles, LogSlice } from '../ports/files.ts';
import { dirMode, isCode, syncDirectories } from './disk.ts';
import { createHandleCache } from './handle-cache.ts';
import { LogFile } from './log-file.ts';
import { type LogLayout, layoutOf } from './log-layout.ts';
import { logFolderOf, logPathOf } from './log-paths.ts';
import { type LogFolder, logFolders, tooMuch } from './log-sweep.ts';
import { createTurns } from './turns.ts';

export interface LogFilesOptions {
  /** Made if absent. One process at a time owns it. */
  readonly dir: string;
  /** Bytes kept of one log: the first half and the last half. Files written under another cap keep theirs. */
  readonly capBytes: number;
  /**
   * `full`: a write resolves when its bytes are flushed, so that a power cut loses nothing that was committed; writes that wait
   * for the same log share a flush. `normal`: a killed process loses nothing, a power cut may lose the last half minute.
   */
  readonly durability: 'full' | 'normal';
  /** Files open at once. */
  readonly maxOpen?: number;
}

/** Rejects where the folder cannot be made, or the cap is below 2. */
export async function openLogFiles(options: LogFilesOptions): Promise<LogFiles> {
  await mkdir(options.dir, { recursive: true, mode: dirMode });
  return new DiskLogFiles(options);
}

interface WaitingWrite {
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly done: PromiseWithResolvers<void>;
}

const nothing: LogSlice = { parts: [] };
const defaultMaxOpen = 128;

class DiskLogFiles implements LogFiles {
  readonly cap: number;
  readonly #dir: string;
  readonly #layout: LogLayout;
  readonly #flushes: boolean;
  readonly #files;
  /** One operation per task at a time: `drop` takes all its logs along. */
  readonly #turns = createTurns();
  /** Writes that came while the log was busy: they go out together, in order. Bounded by those who await them. */
  readonly #waiting = new Map<string, WaitingWrite[]>();
  #closed = false;

  constructor(options: LogFilesOptions) {
    this.cap = options.capBytes;
    this.#dir = options.dir;
    this.#layout = layoutOf(options.capBytes);
    this.#flushes = options.durability === 'full';
    this.#files = createHandleCache<LogFile>(options.maxOpen ?? defaultMaxOpen);
  }

  async write(at: LogAddress, offset: number, bytes: Uint8Array): Promise<void> {
    this.#check();
    if (!Number.isSafeInteger(offset + bytes.byteLength) || offset < 0) throw new RangeError(`${offset} is not an offset`);
    if (bytes.byteLength === 0) return;
    const path = logPathOf(this.#dir, at);
    const write: WaitingWrite = { offset, bytes, done: Promise.withResolvers<void>() };
    const waiting = this.#waiting.get(path);
    if (waiting !== undefined) waiting.push(write);
    else {
      this.#waiting.set(path, [write]);
      void this.#turns.run(at.task, () => this.#writeWaiting(path));
    }
    return write.done.promise;
  }

  /** Never rejects: those who wait are told. */
  async #writeWaiting(path: string): Promise<void> {
    const writes = this.#waiting.get(path) ?? [];
    this.#waiting.delete(path);
    try {
      await this.#files.use(
        path,
        () => this.#openOrCreate(path),
        async (file) => {
          for (const run of runsOf(writes)) await file.write(run.offset, run.bytes);
          await file.flush();
        },
      );
      for (const write of writes) write.done.resolve();
    } catch (error) {
      for (const write of writes) write.done.reject(error);
    }
  }

  async #openOrCreate(path: string): Promise<LogFile> {
    const known = await LogFile.open(path, this.#layout, this.#flushes);
    if (known !== null) return known;
    const file = await LogFile.create(path, this.#layout, this.#flushes);
    const task = dirname(path);
    if (this.#flushes) await syncDirectories(task, dirname(task), dirname(dirname(task)), this.#dir);
    return file;
  }

  async read(at: LogAddress, length: number, start: number, end: number): Promise<LogSlice> {
    this.#check();
    const path = logPathOf(this.#dir, at);
    return this.#turns.run(at.task, async () => {
      const parts = await this.#files.use(
        path,
        () => LogFile.open(path, this.#layout, this.#flushes),
        (file) => file.read(length, start, end),
      );
      return parts === null ? nothing : { parts };
    });
  }

  async drop(task: TaskId): Promise<void> {
    this.#check();
    const folder = logFolderOf(this.#dir, task);
    await this.#turns.run(task, async () => {
      await this.#files.forget((path) => dirname(path) === folder);
      await rm(folder, { recursive: true, force: true });
      await removeIfEmpty(dirname(folder));
    });
  }

  async excess(writtenBefore: number, mostBytes: number | null): Promise<readonly { task: TaskId; bytes: number }[]> {
    const folders: LogFolder[] = [];
    for await (const folder of logFolders(this.#dir)) {
      if (this.#closed) return [];
      folders.push(folder);
    }
    return tooMuch(folders, writtenBefore, mostBytes);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#turns.idle();
    await this.#files.forget(() => true);
  }

  #check(): void {
    if (this.#closed) throw new Error('the log files are closed');
  }
}

/** Writes that continue each other become one. */
function runsOf(writes: readonly WaitingWrite[]): { offset: number; bytes: Uint8Array }[] {
  const runs: { offset: number; end: number; pieces: Uint8Array[] }[] = [];
  for (const { offset, bytes } of writes) {
    const last = runs.at(-1);
    if (last?.end !== offset) runs.push({ offset, end: offset + bytes.byteLength, pieces: [bytes] });
    else {
      last.pieces.push(bytes);
      last.end += bytes.byteLength;
    }
  }
  return runs.map(({ offset, pieces }) => {
    const [first] = pieces;
    return { offset, bytes: pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces) };
  });
}

async function removeIfEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch((error: unknown) => {
    if (!isCode(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT')) throw error;
  });
}
