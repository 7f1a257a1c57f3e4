import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import type { Millis } from '../domain/ids.ts';
import { fileMode, writeAll } from './disk.ts';
import type { Quota } from './quota.ts';
import { onDisk } from './storage-error.ts';

/** A blob that is being written: a temporary file, its running hash and the room that it holds in the quota. */
export class BlobDraft {
  readonly #handle: FileHandle;
  readonly #path: string;
  readonly #quota: Quota;
  readonly #hash = createHash('sha256');
  readonly #given = Promise.withResolvers<void>();
  #size = 0;
  #reserved = 0;
  #overQuota = false;
  #over: Promise<void> | null = null;

  private constructor(handle: FileHandle, path: string, quota: Quota) {
    this.#handle = handle;
    this.#path = path;
    this.#quota = quota;
  }

  static async open(path: string, quota: Quota): Promise<BlobDraft> {
    return new BlobDraft(await onDisk(open(path, 'wx', fileMode)), path, quota);
  }

  get size(): number {
    return this.#size;
  }

  /** The quota did not hold it: bytes are only hashed from there on, for they may be those of a blob that exists (F4). */
  get overQuota(): boolean {
    return this.#overQuota;
  }

  /** Resolves when somebody gave it up by `giveUp`. */
  get givenUp(): Promise<void> {
    return this.#given.promise;
  }

  giveUp(): void {
    this.#given.resolve();
  }

  async append(chunk: Uint8Array): Promise<void> {
    this.#size += chunk.byteLength;
    if (!this.#overQuota && !this.#quota.reserve(chunk.byteLength)) await this.#dropBytes();
    if (this.#overQuota) {
      this.#hash.update(chunk);
      return;
    }
    this.#reserved += chunk.byteLength;
    const written = onDisk(writeAll(this.#handle, chunk, null));
    // Hashed while the disk is at work.
    this.#hash.update(chunk);
    await written;
  }

  /** The name. Nothing can be appended afterwards. */
  digest(): string {
    return this.#hash.digest('hex');
  }

  /** Whole and flushed, dated `now`, under its final path. */
  async moveTo(path: string, now: Millis): Promise<void> {
    await this.#handle.utimes(now / 1000, now / 1000);
    await this.#handle.sync();
    await this.#handle.close();
    await rename(this.#path, path);
    this.#quota.keep(this.#reserved);
    this.#reserved = 0;
    this.#over = Promise.resolve();
  }

  /** Leaves nothing, unless it has moved. May be called at any time, and twice. */
  discard(): Promise<void> {
    this.#over ??= this.#remove();
    return this.#over;
  }

  async #dropBytes(): Promise<void> {
    this.#overQuota = true;
    this.#quota.release(this.#reserved);
    this.#reserved = 0;
    await onDisk(this.#handle.truncate(0));
  }

  async #remove(): Promise<void> {
    this.#quota.release(this.#reserved);
    this.#reserved = 0;
    // Both are best effort: what cannot be removed now is removed at the next open.
    await this.#handle.close().catch(() => undefined);
    await rm(this.#path, { force: true }).catch(() => undefined);
  }
}
