import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { JobId } from '../domain/ids.ts';
import type { Unsubscribe } from '../ports/bus.ts';
import type { ImagePut, ImageRefusal, ImageSource, Images, LatestImage } from '../ports/images.ts';
import { dirMode, fileMode, isCode, orMissing } from './disk.ts';
import { encodePicture, type PictureLimits, PictureRefused } from './picture.ts';
import { readBelow } from './read-below.ts';

export interface ImagesOptions {
  /** Ours alone. */
  readonly dir: string;
  /** Folders below which pictures may be read by path; none: nothing is read by path. */
  readonly roots: readonly string[];
  readonly limits?: Partial<ImageLimits>;
}

export interface ImageLimits extends PictureLimits {
  readonly sourceBytes: number;
  /** Waiting beside the one that is worked on. */
  readonly waiting: number;
}

export const imageLimits: ImageLimits = { sourceBytes: 256 * 1_048_576, waiting: 3, pixels: 150e6, seconds: 20 };

/** `DIR/<job>.jpg`; which one is the newest, the time of the files tells after a restart. */
export async function openImages(options: ImagesOptions): Promise<Images> {
  await mkdir(options.dir, { recursive: true, mode: dirMode });
  return new Life(options, await newestIn(options.dir));
}

class Life implements Images {
  readonly #options: ImagesOptions;
  readonly #limits: ImageLimits;
  readonly #listeners = new Set<(job: JobId, name: string) => void>();
  #tail: Promise<unknown> = Promise.resolve();
  #underway = 0;
  /** Of pictures that arrive or wait for their turn. */
  #arrived = 0;
  #drafts = 0;
  /** Of the picture shown last, ms. */
  #lastDate = 0;
  #newest: JobId | null;
  #closed = false;

  constructor(options: ImagesOptions, newest: JobId | null) {
    this.#options = options;
    this.#limits = { ...imageLimits, ...options.limits };
    this.#newest = newest;
  }

  get newest(): JobId | null {
    return this.#newest;
  }

  async put(job: JobId, source: ImageSource): Promise<ImagePut> {
    if (this.#closed || this.#underway > this.#limits.waiting) return no('busy', 'Too many pictures are being converted');
    this.#underway += 1;
    const parts: Uint8Array[] = [];
    try {
      // It has arrived before its turn comes: one who sends slowly holds up nobody.
      const refused = 'path' in source ? null : await this.#receive(source.bytes, parts);
      if (refused !== null) return refused;
      const turn = this.#tail.then(() => this.#take(job, source, parts));
      this.#tail = turn.catch(() => {});
      return await turn;
    } finally {
      this.#underway -= 1;
      for (const { length } of parts) this.#arrived -= length;
    }
  }

  async of(job: JobId): Promise<LatestImage | null> {
    const path = this.#pathOf(job);
    const about = await orMissing(stat(path, { bigint: true }));
    const bytes = about === null ? null : await orMissing(readFile(path));
    if (about === null || bytes === null) return null;
    const version = [about.mtimeNs, about.ino, about.size].map((part) => part.toString(36)).join('-');
    return { job, bytes, modifiedAt: Number(about.mtimeMs), version };
  }

  async drop(job: JobId): Promise<void> {
    await rm(this.#pathOf(job), { force: true });
    if (this.#newest === job) this.#newest = await newestIn(this.#options.dir);
  }

  onShown(call: (job: JobId, name: string) => void): Unsubscribe {
    this.#listeners.add(call);
    return () => void this.#listeners.delete(call);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#tail;
    this.#listeners.clear();
  }

  #pathOf(job: JobId): string {
    return join(this.#options.dir, `${job}.jpg`);
  }

  /** All that wait here together are no larger than one may be. */
  async #receive(bytes: AsyncIterable<Uint8Array>, parts: Uint8Array[]): Promise<ReturnType<typeof no> | null> {
    const { sourceBytes } = this.#limits;
    let size = 0;
    for await (const part of bytes) {
      size += part.length;
      if (size > sourceBytes) return this.#tooLarge();
      if (this.#arrived + part.length > sourceBytes) return no('busy', 'Too many pictures arrive at once');
      this.#arrived += part.length;
      parts.push(part);
    }
    return null;
  }

  async #take(job: JobId, source: ImageSource, parts: readonly Uint8Array[]): Promise<ImagePut> {
    if (this.#closed) return no('busy', 'The server is stopping');
    const given = 'path' in source ? await this.#read(source.path) : { bytes: Buffer.concat(parts) };
    if ('refused' in given) return given;
    let picture: Uint8Array;
    try {
      picture = await encodePicture(given.bytes, this.#limits);
    } catch (error) {
      if (error instanceof PictureRefused) return no(error.refused, error.message);
      throw error;
    }
    return this.#show(job, picture, 'path' in source ? basename(source.path.replaceAll('\\', '/')) : source.name);
  }

  async #read(path: string): Promise<{ bytes: Uint8Array } | { refused: ImageRefusal; detail: string }> {
    const read = await readBelow(this.#options.roots, path, this.#limits.sourceBytes);
    return read === 'too_large' ? this.#tooLarge() : read;
  }

  #tooLarge(): ReturnType<typeof no> {
    return no('too_large', `The picture is larger than ${this.#limits.sourceBytes} bytes`);
  }

  /** Clocks of disks are coarse: one that comes in the same moment as the last is dated after it. */
  async #date(draft: string): Promise<void> {
    const { mtimeMs } = await stat(draft);
    const after = Math.ceil(this.#lastDate) + 1;
    if (mtimeMs < after) await utimes(draft, after / 1_000, after / 1_000);
    this.#lastDate = Math.max(mtimeMs, after);
  }

  async #show(job: JobId, picture: Uint8Array, name: string): Promise<ImagePut> {
    const draft = join(this.#options.dir, `draft-${this.#drafts++}`);
    try {
      await writeFile(draft, picture, { mode: fileMode });
      await this.#date(draft);
      await rename(draft, this.#pathOf(job));
    } catch (error) {
      await rm(draft, { force: true });
      return no('storage', `The picture could not be kept: ${isCode(error, 'ENOSPC') ? 'the disk is full' : 'the disk failed'}`);
    }
    const shown = await this.of(job);
    if (shown === null) return no('storage', 'The picture was removed at once');
    this.#newest = job;
    for (const call of [...this.#listeners]) call(job, name);
    return { shown };
  }
}

const no = (refused: ImageRefusal, detail: string) => ({ refused, detail });

/** What a killed process left half written goes; the file written last is the newest. */
async function newestIn(dir: string): Promise<JobId | null> {
  let newest: { readonly job: JobId; readonly at: bigint } | null = null;
  for (const name of await readdir(dir)) {
    if (name.startsWith('draft-')) await rm(join(dir, name), { force: true });
    const job = Number(/^(\d{1,15})\.jpg$/.exec(name)?.[1]);
    if (!Number.isSafeInteger(job)) continue;
    const about = await orMissing(stat(join(dir, name), { bigint: true }));
    if (about !== null && (newest === null || about.mtimeNs > newest.at)) newest = { job, at: about.mtimeNs };
  }
  return newest?.job ?? null;
}
