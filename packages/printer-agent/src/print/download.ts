import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { GcodeCheck } from '@switchyard/sdk/gcode-lines.ts';
import { backoff, type System } from '../system.ts';

export interface Wanted {
  readonly server: string;
  /** Absolute path on that server; the token goes nowhere else. */
  readonly path: string;
  readonly token: () => string;
  readonly size: number;
  /** SHA-256, lower-case hex. */
  readonly checksum: string;
  /** Where to. Nothing is there unless it is whole, verified and can be printed. */
  readonly to: string;
  readonly system: System;
  readonly stop: AbortSignal;
  readonly rhythm?: { readonly first: number; readonly most: number };
}

/** Null: it is there. Else what is wrong, for people. Never rejects. */
export type Fetched = string | null;

const triesMost = 8;
const idleMs = 30_000;
const retry = { first: 500, most: 10_000 };

/** Fetches, verifies and looks through a print (printerlynx §5.2): on a wrong checksum once more, after a break from where it stopped. */
export async function download(wanted: Wanted): Promise<Fetched> {
  const part = `${wanted.to}.part`;
  try {
    const first = await once(wanted, part);
    const result = first === mismatch ? await once(wanted, part) : first;
    if (result === null) await rename(part, wanted.to);
    else await rm(part, { force: true });
    return result;
  } catch (error) {
    await rm(part, { force: true }).catch(() => {});
    return wanted.stop.aborted ? 'Cancelled' : `The file could not be stored: ${(error as Error).message}`;
  }
}

const mismatch = 'Checksum mismatch';

async function once(wanted: Wanted, part: string): Promise<Fetched> {
  const file = await open(part, 'w', 0o600);
  try {
    return await new Intake(wanted, file).run();
  } finally {
    await file.close();
  }
}

/** One pass over the whole file, over as many connections as it takes. */
class Intake {
  readonly #wanted: Wanted;
  readonly #file: FileHandle;
  #hash = createHash('sha256');
  #check = new GcodeCheck();
  #taken = 0;

  constructor(wanted: Wanted, file: FileHandle) {
    this.#wanted = wanted;
    this.#file = file;
  }

  async run(): Promise<Fetched> {
    const { server, path, size, checksum, system, stop, rhythm = retry } = this.#wanted;
    if (new URL(path, server).origin !== new URL(server).origin) return 'The file could not be fetched: it is on another server';
    for (let turn = 0; ; turn++) {
      const wrong = await this.#connect();
      if (stop.aborted) return 'Cancelled';
      if (wrong !== null && 'final' in wrong) return wrong.final;
      if (wrong === null) break;
      if (turn + 1 >= triesMost) return wrong.passing;
      await pauseUnless(system, backoff(turn, rhythm, system), stop);
      if (stop.aborted) return 'Cancelled';
    }
    if (this.#taken !== size || this.#hash.digest('hex') !== checksum) return mismatch;
    const end = this.#check.end();
    return 'why' in end ? `Line ${end.line} cannot be printed: ${end.why}` : null;
  }

  /** Null: the server has sent all. `passing`: worth another try. */
  async #connect(): Promise<{ readonly final: string } | { readonly passing: string } | null> {
    const idle = new AbortController();
    const watch = new Watch(this.#wanted.system, () => idle.abort(new Error('the server sends nothing any more')));
    try {
      const response = await this.#request(AbortSignal.any([this.#wanted.stop, idle.signal]));
      const refused = await this.#refusal(response);
      if (refused !== null) return refused;
      for await (const bytes of response.body ?? []) {
        watch.again();
        const fault = await this.#take(bytes);
        if (fault !== null) return { final: fault };
      }
      // A body that ends early without an error is whole: it is another file.
      return null;
    } catch (error) {
      const { cause, message } = error as Error;
      if (isDiskError(error)) return { final: `The file could not be stored: ${message}` };
      return { passing: `The file could not be fetched: ${cause instanceof Error ? cause.message : message}` };
    } finally {
      watch.end();
    }
  }

  #request(signal: AbortSignal): Promise<Response> {
    const { server, path, token } = this.#wanted;
    const base = new URL(server);
    const url = new URL(path, base);
    const range: Record<string, string> = this.#taken === 0 ? {} : { Range: `bytes=${this.#taken}-` };
    return fetch(url, { headers: { Authorization: `Bearer ${token()}`, ...range }, redirect: 'error', signal });
  }

  /** Null: its body may be taken. */
  async #refusal(response: Response): Promise<{ readonly final: string } | { readonly passing: string } | null> {
    if (response.status === 200 && this.#taken > 0) await this.#restart();
    if (response.status === 200) return null;
    if (response.status === 206 && response.headers.get('content-range')?.startsWith(`bytes ${this.#taken}-`)) return null;
    await response.body?.cancel();
    const text = `The file could not be fetched: the server answered ${response.status}`;
    const passing = response.status >= 500 || response.status === 429 || response.status === 408 || response.status === 206;
    return passing ? { passing: text } : { final: text };
  }

  async #restart(): Promise<void> {
    await this.#file.truncate(0);
    this.#hash = createHash('sha256');
    this.#check = new GcodeCheck();
    this.#taken = 0;
  }

  async #take(bytes: Uint8Array): Promise<string | null> {
    if (this.#taken + bytes.length > this.#wanted.size) return mismatch;
    const fault = this.#check.push(bytes);
    // A fault counts only of the right file: its checksum is known at the end. Of what is no text that need not be awaited.
    if (fault !== null && fault.why === 'it is not text') return `Line ${fault.line} cannot be printed: ${fault.why}`;
    this.#hash.update(bytes);
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, at, bytes.length - at, this.#taken + at);
      at += bytesWritten;
    }
    this.#taken += bytes.length;
    return null;
  }
}

const isDiskError = (error: unknown): boolean =>
  /^(ENOSPC|EDQUOT|EIO|EROFS|EFBIG)$/.test((error as NodeJS.ErrnoException).code ?? '');

/** Calls when nothing has come for a while. */
class Watch {
  readonly #system: System;
  readonly #call: () => void;
  #timer: { cancel(): void };

  constructor(system: System, call: () => void) {
    this.#system = system;
    this.#call = call;
    this.#timer = system.after(idleMs, call);
  }

  again(): void {
    this.#timer.cancel();
    this.#timer = this.#system.after(idleMs, this.#call);
  }

  end(): void {
    this.#timer.cancel();
  }
}

function pauseUnless(system: System, ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      timer.cancel();
      stop.removeEventListener('abort', over);
      resolve();
    };
    const timer = system.after(ms, over);
    stop.addEventListener('abort', over);
  });
}
