import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { ClientFile, ClientFiles, ClientFileWritten } from '../ports/client-files.ts';
import type { Clock } from '../ports/clock.ts';
import { dirMode, fileMode, isCode, orMissing, writeAll } from './disk.ts';

export interface ClientFilesOptions {
  /** Ours alone: everything in it is removed. */
  readonly dir: string;
  readonly clock: Clock;
  readonly fileBytes: number;
  readonly folderBytes: number;
  readonly folderFiles: number;
}

interface Kept {
  readonly file: string;
  readonly size: number;
  readonly modifiedAt: number;
  readonly version: string;
}

interface Folder {
  readonly dir: string;
  readonly files: Map<string, Kept>;
  /** Kept bytes and those being written. */
  bytes: number;
  readonly writing: Set<Promise<unknown>>;
  dropped: boolean;
}

/** Folders that are no more are remembered by name no longer than this many others came after. */
const rememberedDrops = 10_000;

/** Client files below one folder: `DIR/<uuid>/<number>`. What they are called stands in memory, and so goes with the process. */
export async function openClientFiles(options: ClientFilesOptions): Promise<ClientFiles> {
  await rm(options.dir, { recursive: true, force: true });
  await mkdir(options.dir, { recursive: true, mode: dirMode });
  return new Life(options);
}

class Life implements ClientFiles {
  readonly #options: ClientFilesOptions;
  readonly #folders = new Map<string, Folder>();
  readonly #dropped = new Set<string>();
  #last = 0;
  #closed = false;

  constructor(options: ClientFilesOptions) {
    this.#options = options;
  }

  async write(name: string, path: string, bytes: AsyncIterable<Uint8Array>): Promise<ClientFileWritten> {
    const folder = this.#folder(name);
    if (folder === null) return gone;
    const { folderFiles } = this.#options;
    if (!folder.files.has(path) && folder.files.size + folder.writing.size >= folderFiles) {
      return { refused: 'quota', detail: `There are ${folderFiles} files already` };
    }
    const written = this.#write(folder, path, bytes);
    folder.writing.add(written);
    try {
      return await written;
    } finally {
      folder.writing.delete(written);
    }
  }

  find(name: string, path: string): ClientFile | null {
    const folder = this.#folders.get(name);
    const kept = folder?.files.get(path);
    if (folder === undefined || kept === undefined) return null;
    const { size, modifiedAt, version, file } = kept;
    return { size, modifiedAt, version, read: (range) => readFile(file, range) };
  }

  async remove(name: string, path: string): Promise<boolean> {
    const folder = this.#folders.get(name);
    const kept = folder?.files.get(path);
    if (folder === undefined || kept === undefined) return false;
    folder.files.delete(path);
    folder.bytes -= kept.size;
    await rm(kept.file, { force: true });
    return true;
  }

  async drop(name: string): Promise<void> {
    this.#dropped.add(name);
    if (this.#dropped.size > rememberedDrops) for (const first of this.#dropped) if (this.#dropped.delete(first)) break;
    const folder = this.#folders.get(name);
    if (folder === undefined) return;
    this.#folders.delete(name);
    folder.dropped = true;
    await rm(folder.dir, { recursive: true, force: true });
    // A write that was under way notices at its next bytes, or when it would appear; then nothing is left.
    await Promise.allSettled(folder.writing);
    await rm(folder.dir, { recursive: true, force: true });
  }

  usage(): { files: number; bytes: number } {
    let files = 0;
    let bytes = 0;
    for (const folder of this.#folders.values()) {
      files += folder.files.size;
      bytes += folder.bytes;
    }
    return { files, bytes };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#folders.keys()].map((name) => this.drop(name)));
  }

  #folder(name: string): Folder | null {
    if (!/^[0-9a-f-]{36}$/.test(name)) throw new Error(`${name} is no UUID`);
    if (this.#closed || this.#dropped.has(name)) return null;
    const present = this.#folders.get(name);
    if (present !== undefined) return present;
    const dir = join(this.#options.dir, name);
    const folder: Folder = { dir, files: new Map(), bytes: 0, writing: new Set(), dropped: false };
    this.#folders.set(name, folder);
    return folder;
  }

  async #write(folder: Folder, path: string, bytes: AsyncIterable<Uint8Array>): Promise<ClientFileWritten> {
    const number = ++this.#last;
    const file = join(folder.dir, String(number));
    let size = 0;
    let kept = false;
    let handle: FileHandle | null = null;
    try {
      handle = await openNew(folder.dir, file);
      for await (const part of bytes) {
        if (folder.dropped) return gone;
        const over = this.#over(folder, size + part.length, part.length);
        if (over !== null) return over;
        size += part.length;
        folder.bytes += part.length;
        const failed = await storing(writeAll(handle, part, null));
        if (failed !== null) return failed;
      }
      await handle.close();
      handle = null;
      if (folder.dropped) return gone;
      kept = true;
      await this.#keep(folder, path, { file, size, modifiedAt: this.#options.clock.now(), version: number.toString(36) });
      return { size };
    } catch (error) {
      if (folder.dropped && isCode(error, 'ENOENT')) return gone;
      throw error;
    } finally {
      await handle?.close().catch(() => undefined);
      if (!kept) {
        folder.bytes -= size;
        await rm(file, { force: true });
      }
    }
  }

  #over(folder: Folder, size: number, more: number): ClientFileWritten | null {
    const { fileBytes, folderBytes } = this.#options;
    if (size > fileBytes) return { refused: 'too_large', detail: `A file may have ${fileBytes} bytes` };
    if (folder.bytes + more > folderBytes) return { refused: 'quota', detail: `A client may keep ${folderBytes} bytes` };
    return null;
  }

  /** Complete: from now on it is what this name stands for. */
  async #keep(folder: Folder, path: string, kept: Kept): Promise<void> {
    const before = folder.files.get(path);
    folder.files.set(path, kept);
    if (before === undefined) return;
    folder.bytes -= before.size;
    await rm(before.file, { force: true });
  }
}

const gone: ClientFileWritten = { refused: 'gone', detail: 'The client has left' };

async function openNew(dir: string, file: string): Promise<FileHandle> {
  await mkdir(dir, { recursive: true, mode: dirMode });
  return open(file, 'wx', fileMode);
}

async function storing(work: Promise<void>): Promise<ClientFileWritten | null> {
  try {
    await work;
    return null;
  } catch (error) {
    return { refused: 'storage', detail: `The file could not be stored: ${(error as Error).message}` };
  }
}

async function readFile(file: string, range?: { start: number; end: number }): Promise<Readable | null> {
  const handle = await orMissing(open(file, 'r'));
  return handle?.createReadStream(range) ?? null;
}
