import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Sha256 } from '@switchyard/sdk/names.ts';
import { WireArtifact } from '@switchyard/sdk/worker-wire.ts';
import Type from 'typebox';
import { Compile } from 'typebox/schema';
import { Backoff } from './backoff.ts';
import { limits, type Rhythm } from './limits.ts';
import { pauseUnless, type System } from './system.ts';

/** The server's blobs and artifact lists over HTTP. What cannot be done just now is tried again for a while. */
export interface ServerFiles {
  /** Writes the blob to `path`; the bytes are those that the name says. */
  download(blob: string, path: string, stop: AbortSignal): Promise<Answer<null>>;
  upload(path: string, stop: AbortSignal): Promise<Answer<{ blob: string; size: number }>>;
  artifacts(task: number, stop: AbortSignal): Promise<Answer<readonly WireArtifact[]>>;
  /** Shows a picture as the newest of the task's job. Asked once: a server that is busy or cannot make one of it goes without. */
  showImage(task: number, path: string, stop: AbortSignal): Promise<void>;
}

export type Answer<T> =
  | { readonly value: T }
  /** For good: the server said no, or the bytes are wrong. */
  | { readonly refused: string }
  /** The server could not be reached, or `stop` came. */
  | { readonly unreachable: string };

export interface ServerFilesOptions {
  readonly server: string;
  readonly token: () => string;
  readonly rhythm: Rhythm;
  readonly system: System;
}

const Written = Compile(Type.Object({ blob: Sha256, size: Type.Integer({ minimum: 0 }) }));
const Artifacts = Compile(Type.Object({ artifacts: Type.Array(WireArtifact) }));

export function serverFiles(options: ServerFilesOptions): ServerFiles {
  const address = (path: string) => new URL(path, options.server.endsWith('/') ? options.server : `${options.server}/`);
  const headers = () => ({ Authorization: `Bearer ${options.token()}` });
  return {
    download: (blob, path, stop) =>
      again(options, stop, async () => {
        const response = await fetch(address(`v1/blobs/${blob}`), { headers: headers(), signal: stop });
        if (!response.ok || response.body === null) return refusedBy(response, `blob ${blob}`);
        const hash = createHash('sha256');
        await pipeline(Readable.fromWeb(response.body), hashing(hash), createWriteStream(path, { flags: 'w', mode: 0o600 }));
        const got = hash.digest('hex');
        return got === blob ? { value: null } : { refused: `blob ${blob} arrived with other bytes (${got})` };
      }),
    upload: (path, stop) =>
      again(options, stop, async () => {
        const hash = createHash('sha256');
        const response = await fetch(address('v1/blobs'), {
          method: 'POST',
          headers: { ...headers(), 'Content-Type': 'application/octet-stream' },
          body: ReadableStream.from(hashing(hash)(createReadStream(path))),
          duplex: 'half',
          signal: stop,
        });
        if (!response.ok) return refusedBy(response, path);
        const written: unknown = await response.json();
        if (!Written.Check(written)) return { refused: 'the server answered an upload with something else' };
        const sent = hash.digest('hex');
        return written.blob === sent
          ? { value: written }
          : { refused: `the server stored other bytes (${written.blob}) than were sent` };
      }),
    artifacts: (task, stop) =>
      again(options, stop, async () => {
        const response = await fetch(address(`v1/tasks/${task}/artifacts`), { headers: headers(), signal: stop });
        if (!response.ok) return refusedBy(response, `the artifacts of task ${task}`);
        const list: unknown = await response.json();
        return Artifacts.Check(list)
          ? { value: list.artifacts }
          : { refused: 'the server answered with something else than artifacts' };
      }),
    async showImage(task, path, stop) {
      try {
        if ((await stat(path)).size > limits.imageBytes) return;
        const response = await fetch(address(`v1/tasks/${task}/image`), {
          method: 'PUT',
          headers: { ...headers(), 'Content-Type': 'application/octet-stream' },
          body: ReadableStream.from(createReadStream(path)),
          duplex: 'half',
          signal: stop,
        });
        await response.body?.cancel();
      } catch {
        // A picture less; the frames themselves are where they belong.
      }
    },
  };
}

function hashing(hash: ReturnType<typeof createHash>) {
  return async function* (bytes: AsyncIterable<Uint8Array>) {
    for await (const piece of bytes) {
      hash.update(piece);
      yield piece;
    }
  };
}

/** An answer that says no for good; a server that is busy or starting is thrown, to be asked again. */
async function refusedBy(response: Response, what: string): Promise<{ refused: string }> {
  const text = (await response.text()).slice(0, 300);
  if (response.status >= 500 || response.status === 429 || response.status === 408) {
    throw new Error(`the server answered ${response.status} for ${what}: ${text}`);
  }
  return { refused: `the server answered ${response.status} for ${what}: ${text}` };
}

async function again<T>(options: ServerFilesOptions, stop: AbortSignal, attempt: () => Promise<Answer<T>>): Promise<Answer<T>> {
  const { system, rhythm } = options;
  const until = system.monotonic() + rhythm.fileRetryMs;
  const backoff = new Backoff(rhythm.reconnectMs, system);
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const why = reasonOf(error);
      if (isLocal(error)) return { refused: why };
      if (stop.aborted || system.monotonic() > until) return { unreachable: why };
      await pauseUnless(system, backoff.next(), stop);
    }
  }
}

const localTrouble = new Set(['ENOENT', 'EACCES', 'EISDIR', 'ENOTDIR', 'ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EMFILE', 'ENFILE']);

/** Our own disk or file is the trouble: asking the server again does not help. */
function isLocal(error: unknown): boolean {
  const { code, cause } = error as NodeJS.ErrnoException;
  return localTrouble.has(code ?? '') || localTrouble.has((cause as NodeJS.ErrnoException | undefined)?.code ?? '');
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
