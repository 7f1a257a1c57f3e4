import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { limits } from './limits.ts';
import type { Final } from './outcome.ts';

/** What is known of an attempt that a worker of this folder has begun. */
export interface Recorded {
  readonly task: number;
  readonly attempt: number;
  readonly marker: string;
  readonly pid: number | null;
  /** See `startMark`. */
  readonly start: string | null;
  /** What the server has not acknowledged yet. */
  readonly final: Final | null;
}

/**
 * The worker's memory over its own death: one file, a line per fact, appended before (a start) or at once after (a process
 * id, an end) it becomes true. Written through to the system but not to the disk: it must outlive the worker, not the
 * machine, whose processes die with it.
 */
export class Journal {
  readonly #path: string;
  readonly #attempts = new Map<string, Recorded>();
  #file: number;
  #bytes = 0;
  /** The last line may be incomplete: the disk was full. */
  #torn = false;

  private constructor(path: string) {
    this.#path = path;
    for (const line of readLines(path)) this.#apply(line);
    this.#file = this.#rewrite();
  }

  static open(path: string): Journal {
    return new Journal(path);
  }

  get attempts(): Recorded[] {
    return [...this.#attempts.values()];
  }

  /** False: it could not be written down, so nothing may be started. */
  begin(task: number, attempt: number, marker: string): boolean {
    return this.#add({ task, attempt, marker });
  }

  started(task: number, attempt: number, pid: number, start: string | null): void {
    this.#add({ task, attempt, pid, start });
  }

  ended(task: number, attempt: number, final: Final): void {
    this.#add({ task, attempt, final });
  }

  forget(task: number, attempt: number): void {
    if (this.#attempts.has(keyOf(task, attempt))) this.#add({ task, attempt, gone: true });
  }

  close(): void {
    closeSync(this.#file);
  }

  #add(line: Line): boolean {
    const text = `${this.#torn ? '\n' : ''}${JSON.stringify(line)}\n`;
    this.#apply(line);
    try {
      const written = writeSync(this.#file, text);
      this.#bytes += written;
      this.#torn = written < Buffer.byteLength(text);
      if (this.#bytes > limits.journalBytes / 64) this.#shrink();
    } catch {
      this.#torn = true;
    }
    return !this.#torn;
  }

  #shrink(): void {
    if (this.#attempts.size === 0) {
      ftruncateSync(this.#file, 0);
      this.#bytes = 0;
    } else if (this.#bytes > limits.journalBytes) {
      closeSync(this.#file);
      this.#file = this.#rewrite();
    }
  }

  #apply(line: Line): void {
    const key = keyOf(line.task, line.attempt);
    if (line.gone === true) {
      this.#attempts.delete(key);
      return;
    }
    const { task, attempt } = line;
    const known = this.#attempts.get(key) ?? { task, attempt, marker: '', pid: null, start: null, final: null };
    this.#attempts.set(key, { ...known, ...line });
  }

  /** Only what still matters, in a new file that takes the place of the old one. */
  #rewrite(): number {
    const text = this.attempts.map((recorded) => `${JSON.stringify(recorded)}\n`).join('');
    const next = `${this.#path}.new`;
    writeFileSync(next, text, { mode: 0o600 });
    renameSync(next, this.#path);
    this.#bytes = Buffer.byteLength(text);
    return openSync(this.#path, 'a', 0o600);
  }
}

interface Line extends Partial<Omit<Recorded, 'task' | 'attempt'>> {
  readonly task: number;
  readonly attempt: number;
  readonly gone?: true;
}

const keyOf = (task: number, attempt: number): string => `${task}.${attempt}`;

function readLines(path: string): Line[] {
  if (!existsSync(path)) return [];
  const lines: Line[] = [];
  for (const text of readFileSync(path, 'utf8').split('\n')) {
    const line = parseLine(text);
    if (line !== null) lines.push(line);
  }
  return lines;
}

/** Null: an empty line, or the torn last one of a worker that was killed while writing. */
function parseLine(text: string): Line | null {
  if (text === '') return null;
  try {
    const value = JSON.parse(text) as Line;
    return Number.isInteger(value.task) && Number.isInteger(value.attempt) ? value : null;
  } catch {
    return null;
  }
}
