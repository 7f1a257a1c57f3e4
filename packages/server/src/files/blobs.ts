import { type FileHandle, open, unlink, utimes } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { Clock } from '../ports/clock.ts';
import type { Blobs, BlobWritten } from '../ports/files.ts';
import { countBlobs } from './blob-count.ts';
import { BlobDraft } from './blob-draft.ts';
import { type BlobTree, isBlobName, openBlobTree } from './blob-tree.ts';
import { orMissing } from './disk.ts';
import { createQuota, type Quota } from './quota.ts';
import { onDisk, StorageError } from './storage-error.ts';
import { createTurns } from './turns.ts';

export interface BlobsOptions {
  /** Made if absent. One process at a time owns it. */
  readonly dir: string;
  /** All blobs together. */
  readonly quotaBytes: number;
  /** One blob; the limit given at a write can only be lower. */
  readonly maxBytes: number;
  readonly clock: Clock;
}

/**
 * Rejects where the folder cannot be made. What is there is counted in the background: reading works at once, a write waits
 * for the count, because of the quota.
 */
export async function openBlobs(options: BlobsOptions): Promise<Blobs> {
  return new DiskBlobs(options, await openBlobTree(options.dir));
}

type Refused = Extract<BlobWritten, { refused: string }>;
const heard = (): void => undefined;
const stopping: Refused = { refused: 'storage', detail: 'The server is stopping: try again when it is back' };

class DiskBlobs implements Blobs {
  readonly #options: BlobsOptions;
  readonly #tree: BlobTree;
  readonly #quota: Promise<Quota>;
  /** Everything that looks at a blob and then acts on it does so in the blob's turn: opening, appearing, being swept. */
  readonly #turns = createTurns();
  readonly #readers = new Map<string, number>();
  readonly #streams = new Set<Readable>();
  readonly #drafts = new Set<BlobDraft>();
  readonly #writes = new Set<Promise<unknown>>();
  #closed = false;

  constructor(options: BlobsOptions, tree: BlobTree) {
    this.#options = options;
    this.#tree = tree;
    this.#quota = countBlobs(tree, () => this.#closed).then((found) => createQuota(options.quotaBytes, found));
    // Whoever needs it gets the failure; until then it is not unhandled.
    this.#quota.catch(heard);
  }

  async write(source: Readable | AsyncIterable<Uint8Array>, limit = Number.POSITIVE_INFINITY): Promise<BlobWritten> {
    if (this.#closed) return stopping;
    // A source may fail before its first byte is asked for: unheard, that would end the process. Asking for bytes throws it again.
    if (source instanceof Readable) source.on('error', heard);
    const write = this.#write(source, Math.min(limit, this.#options.maxBytes));
    this.#writes.add(write);
    try {
      return await write;
    } catch (error) {
      if (error instanceof StorageError) return { refused: 'storage', detail: error.message };
      throw error;
    } finally {
      this.#writes.delete(write);
      if (source instanceof Readable) source.off('error', heard);
    }
  }

  async #write(source: Readable | AsyncIterable<Uint8Array>, limit: number): Promise<BlobWritten> {
    const quota = await onDisk(this.#quota);
    const draft = await BlobDraft.open(this.#tree.incoming(), quota);
    this.#drafts.add(draft);
    if (this.#closed) draft.giveUp();
    try {
      // A source that sends nothing more must not hold up the end of the server.
      const refused = await Promise.race([receive(source, draft, limit), draft.givenUp.then(() => stopping)]);
      return refused ?? (await this.#finish(draft));
    } finally {
      await draft.discard();
      this.#drafts.delete(draft);
    }
  }

  #finish(draft: BlobDraft): Promise<BlobWritten> {
    const blob = draft.digest();
    const { size } = draft;
    const now = this.#options.clock.now();
    return this.#turns.run(blob, async (): Promise<BlobWritten> => {
      if ((await onDisk(this.#tree.stat(blob))) !== null) {
        // Young again: whoever was told this name will refer to it soon, a sweep must not come between.
        await onDisk(utimes(this.#tree.pathOf(blob), now / 1000, now / 1000));
        return { blob, size };
      }
      if (draft.overQuota) return { refused: 'quota', detail: fullText(this.#options.quotaBytes) };
      await onDisk(this.#tree.prepare(blob));
      await onDisk(draft.moveTo(this.#tree.pathOf(blob), now));
      await onDisk(this.#tree.flush(blob));
      return { blob, size };
    });
  }

  async read(blob: string, range?: { start: number; end: number }): Promise<{ stream: Readable; size: number } | null> {
    if (!isBlobName(blob)) return null;
    return this.#turns.run(blob, async () => {
      if (this.#closed) throw new Error('the blobs are closed');
      const found = await openFile(this.#tree.pathOf(blob));
      if (found === null) return null;
      const { handle, size } = found;
      const end = Math.min(range?.end ?? size - 1, size - 1);
      const start = range?.start ?? 0;
      if (start > end) {
        await handle.close();
        return { stream: Readable.from([], { objectMode: false }), size };
      }
      const stream = handle.createReadStream({ start, end });
      this.#hold(blob, stream);
      return { stream, size };
    });
  }

  #hold(blob: string, stream: Readable): void {
    this.#readers.set(blob, (this.#readers.get(blob) ?? 0) + 1);
    this.#streams.add(stream);
    stream.once('close', () => {
      this.#streams.delete(stream);
      const left = (this.#readers.get(blob) ?? 1) - 1;
      if (left === 0) this.#readers.delete(blob);
      else this.#readers.set(blob, left);
    });
  }

  async size(blob: string): Promise<number | null> {
    return isBlobName(blob) ? ((await this.#tree.stat(blob))?.size ?? null) : null;
  }

  async sweep(inUse: ReadonlySet<string>, olderThanMs: number): Promise<{ removed: number; bytes: number }> {
    const swept = { removed: 0, bytes: 0 };
    for (const folder of await this.#tree.folders()) {
      for await (const names of this.#tree.walk(folder)) {
        for (const blob of names) {
          if (this.#closed) return swept;
          const bytes = inUse.has(blob) ? null : await this.#turns.run(blob, () => this.#removeOld(blob, olderThanMs));
          if (bytes === null) continue;
          swept.removed += 1;
          swept.bytes += bytes;
        }
      }
    }
    return swept;
  }

  async #removeOld(blob: string, olderThanMs: number): Promise<number | null> {
    if (this.#readers.has(blob)) return null;
    const quota = await this.#quota;
    const found = await this.#tree.stat(blob);
    if (found === null || this.#options.clock.now() - found.mtimeMs <= olderThanMs) return null;
    await unlink(this.#tree.pathOf(blob));
    quota.removed(found.size);
    return found.size;
  }

  async usage(): Promise<{ blobs: number; bytes: number }> {
    const { blobs, bytes } = await this.#quota;
    return { blobs, bytes };
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const draft of this.#drafts) draft.giveUp();
    await Promise.allSettled(this.#writes);
    await this.#turns.idle();
    await this.#quota.catch(heard);
    await Promise.all([...this.#streams].map(destroyed));
  }
}

/** Null: all bytes are in the draft. A source that fails rejects with its own error. */
async function receive(source: Readable | AsyncIterable<Uint8Array>, draft: BlobDraft, limit: number): Promise<Refused | null> {
  // A refused upload is left as it is: destroying a request would take the answer's connection along.
  const chunks: AsyncIterable<unknown> = source instanceof Readable ? source.iterator({ destroyOnReturn: false }) : source;
  for await (const chunk of chunks) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('a blob is made of bytes');
    if (draft.size + chunk.byteLength > limit) {
      return { refused: 'too_large', detail: `It is larger than the limit of ${limit} bytes` };
    }
    await draft.append(chunk);
  }
  return null;
}

/** Null: it is not there, or is no file. */
async function openFile(path: string): Promise<{ handle: FileHandle; size: number } | null> {
  const handle = await orMissing(open(path, 'r'));
  if (handle === null) return null;
  try {
    const info = await handle.stat();
    if (info.isFile()) return { handle, size: info.size };
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return null;
}

const fullText = (quota: number): string =>
  `The room for files is used up (${quota} bytes): delete jobs or files that are not needed, or raise the quota`;

function destroyed(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    stream.once('close', resolve);
    stream.destroy();
  });
}
