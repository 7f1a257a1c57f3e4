import { constants } from 'node:fs';
import { chmod, copyFile, lstat, mkdir, realpath, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { BodyInput } from '@switchyard/sdk/task-spec.ts';
import type { BlobCache } from './blob-cache.ts';
import { inside, realInside } from './inside.ts';
import { fillPosition } from './placeholders.ts';
import type { Answer, ServerFiles } from './server-files.ts';

/** One file to be put below the working directory. */
interface Wanted {
  readonly path: string;
  readonly blob: string;
  readonly exec: boolean;
}

export interface Inputs {
  /** Puts all of them below `cwd`. */
  place(inputs: readonly BodyInput[], cwd: string, stop: AbortSignal): Promise<Answer<null>>;
  /** Fetches ahead what an offered task will need. */
  prefetch(inputs: readonly BodyInput[], stop: AbortSignal): Promise<void>;
}

export function inputsOf(files: ServerFiles, cache: BlobCache): Inputs {
  return {
    async place(inputs, cwd, stop) {
      for (const input of inputs) {
        for await (const wanted of wantedBy(input, files, stop)) {
          const placed = 'value' in wanted ? await placeOne(wanted.value, cwd, cache, stop) : wanted;
          if (!('value' in placed)) return placed;
        }
      }
      return { value: null };
    },
    async prefetch(inputs, stop) {
      for (const input of inputs) {
        for await (const wanted of wantedBy(input, files, stop)) {
          if (!('value' in wanted) || stop.aborted) return;
          await cache.prefetch(wanted.value.blob, stop);
        }
      }
    },
  };
}

async function* wantedBy(input: BodyInput, files: ServerFiles, stop: AbortSignal): AsyncGenerator<Answer<Wanted>> {
  if ('blob' in input) {
    yield { value: { path: input.path, blob: input.blob, exec: input.mode === 'exec' } };
    return;
  }
  for (let position = 0; position < input.count && !stop.aborted; position += 1) {
    const fill = (text: string) => (input.count > 1 ? fillPosition(text, position) : text);
    const task = input.task + position;
    const list = await files.artifacts(task, stop);
    if (!('value' in list)) {
      yield list;
      return;
    }
    const found = list.value.find((artifact) => artifact.path === fill(input.artifact));
    if (found === undefined) {
      yield { refused: `task ${task} left no artifact ${JSON.stringify(fill(input.artifact))}` };
      return;
    }
    yield { value: { path: fill(input.path), blob: found.blob, exec: false } };
  }
}

async function placeOne(wanted: Wanted, cwd: string, cache: BlobCache, stop: AbortSignal): Promise<Answer<null>> {
  const outside = { refused: `the input path ${JSON.stringify(wanted.path)} leads out of the working directory` };
  const path = inside(cwd, wanted.path);
  if (path === null || path === cwd) return outside;
  const blob = await cache.take(wanted.blob, stop);
  if (!('value' in blob)) return blob;
  try {
    if (!(await prepare(cwd, path))) return outside;
    await copyFile(blob.value.path, path, constants.COPYFILE_FICLONE);
    await chmod(path, wanted.exec ? 0o755 : 0o644);
    return { value: null };
  } catch (error) {
    return { refused: `cannot write the input ${JSON.stringify(wanted.path)}: ${(error as Error).message}` };
  } finally {
    blob.value.release();
  }
}

/** Makes the folders; false when a link among them leads out. What lies at the path itself is replaced, not followed. */
async function prepare(cwd: string, path: string): Promise<boolean> {
  const parent = dirname(path);
  if ((await realInside(cwd, await nearest(parent))) === null) return false;
  await mkdir(parent, { recursive: true });
  const there = await lstat(path).catch(() => null);
  if (there !== null && !there.isDirectory()) await rm(path, { force: true });
  return true;
}

/** The lowest folder on the way that exists. */
async function nearest(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    const real = await realpath(at).catch(() => null);
    if (real !== null || dirname(at) === at) return at;
  }
}
