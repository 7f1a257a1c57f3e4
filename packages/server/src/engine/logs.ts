import { type Result, refuse } from '../domain/errors.ts';
import { type Principal, system } from '../domain/principal.ts';
import { type LogStream, logStreams } from '../domain/rows.ts';
import { isRunningLike } from '../domain/task.ts';
import type { LogFiles } from '../ports/files.ts';
import type { Store } from '../ports/store.ts';
import type { LogBytes, LogPlace, TaskLogs } from './engine.ts';
import type { EngineQueries } from './queries.ts';
import type { Runner } from './run.ts';

/** Logs up to this size stand in the store and have no file. */
const inlineBytes = 4_096;
const readBytes = 262_144;
/** Logs whose state is kept in memory; the rest is read again from the store. */
const defaultKept = 4_096;

interface Open {
  length: number;
  inline: Uint8Array | null;
  /** Under way, one after the other along `tail`. */
  appends: number;
  tail: Promise<unknown>;
  /** When the last append was handed to the store. */
  handed: Promise<unknown>;
}

export interface LiveLogs extends TaskLogs {
  /** An attempt ended or moved: followers look again. */
  moved(task: number): void;
  close(): void;
}

export function createLogs(deps: {
  store: Store;
  runner: Runner;
  files: LogFiles;
  query: EngineQueries;
  keptLogs?: number;
}): LiveLogs {
  const { store, runner, files, keptLogs = defaultKept } = deps;
  const open = new Map<string, Open>();
  const listeners = new Map<number, Set<() => void>>();
  let closed = false;

  const keyOf = ({ task, attempt, stream }: LogPlace): string => `${task}.${attempt}.${stream}`;

  function stateOf(at: LogPlace): Open {
    const key = keyOf(at);
    const known = open.get(key);
    if (known !== undefined) {
      // Put last again: what has not been used for longest stands first.
      open.delete(key);
      open.set(key, known);
      return known;
    }
    forgetOne();
    const none = Promise.resolve();
    const state: Open = { length: 0, inline: new Uint8Array(), appends: 0, tail: none, handed: none };
    state.tail = load(at, state);
    // A failure is the first append's matter; the next one begins anew.
    state.tail.catch(() => open.delete(key));
    open.set(key, state);
    return state;
  }

  async function load(at: LogPlace, state: Open): Promise<void> {
    const row = await store.query.log(at.task, at.attempt, at.stream);
    state.length = row?.length ?? 0;
    state.inline = row === null ? new Uint8Array() : row.inline;
  }

  /** Two states of one log would write over each other: only one that nobody appends to is let go. */
  function forgetOne(): void {
    if (open.size < keptLogs) return;
    for (const [key, { appends }] of open) {
      if (appends > 0) continue;
      open.delete(key);
      return;
    }
  }

  function moved(task: number): void {
    for (const wake of [...(listeners.get(task) ?? [])]) wake();
  }

  async function appendNow(
    at: LogPlace,
    state: Open,
    offset: number | null,
    bytes: Uint8Array,
    jump: boolean,
    handed: () => void,
  ): Promise<Result<{ length: number }>> {
    const from = offset ?? state.length;
    if (from > state.length && !jump) {
      return refuse('conflict', `The log has ${state.length} bytes; ${from} is beyond its end`);
    }
    const skip = Math.max(0, state.length - from);
    if (skip >= bytes.length) return { value: { length: state.length } };
    const fresh = skip === 0 ? bytes : bytes.subarray(skip);
    const start = from + skip;
    const length = start + fresh.length;
    const gap = start - state.length;
    const inline = state.inline !== null && gap === 0 && length <= inlineBytes ? joined(state.inline, fresh) : null;
    if (inline === null) {
      if (state.inline !== null && state.inline.length > 0) await files.write(at, 0, state.inline);
      if (gap > 0) await fillGap(at, state.length, gap);
      await files.write(at, start, fresh);
    }
    const appended = runner.command(system, 'appendLog', { ...at, length, inline });
    handed();
    const result = await appended;
    if (result.refusal !== undefined) return result;
    state.length = length;
    state.inline = inline;
    moved(at.task);
    return { value: { length } };
  }

  /** Bytes that the worker itself could not keep: their place is filled, and a line says so. */
  async function fillGap(at: LogPlace, offset: number, gap: number): Promise<void> {
    const note = new TextEncoder().encode(`\n[switchyard: ${gap} bytes of output were not kept]\n`);
    const half = Math.floor(files.cap / 2);
    const blank = (n: number): Uint8Array => new Uint8Array(n).fill(0x0a);
    const head = Math.min(gap, Math.max(note.length, Math.min(half, 65_536)));
    await files.write(at, offset, joined(note.subarray(0, head), blank(Math.max(0, head - note.length))));
    const rest = gap - head;
    const keep = Math.min(rest, files.cap);
    for (let done = 0; done < keep; done += readBytes) {
      await files.write(at, offset + gap - keep + done, blank(Math.min(readBytes, keep - done)));
    }
  }

  async function bytesOf(at: LogPlace, start: number, end: number | null): Promise<LogBytes> {
    const row = await store.query.log(at.task, at.attempt, at.stream);
    if (row === null) return { length: 0, parts: [] };
    const stop = Math.min(row.length, end ?? row.length);
    if (start >= stop) return { length: row.length, parts: [] };
    if (row.inline !== null) return { length: row.length, parts: [{ offset: start, bytes: row.inline.subarray(start, stop) }] };
    return { length: row.length, parts: (await files.read(at, row.length, start, stop)).parts };
  }

  async function* follow(by: Principal, at: LogPlace, start: number, signal: AbortSignal): AsyncIterable<Uint8Array> {
    let cursor = start;
    while (!signal.aborted && !closed) {
      const news = nextNews(at.task, signal);
      const shown = await deps.query.task(by, at.task);
      if (shown.refusal !== undefined) return news.cancel();
      const { length, parts } = await bytesOf(at, cursor, cursor + readBytes);
      for (const part of parts) {
        if (part.offset > cursor) yield cutLine(part.offset - cursor);
        yield part.bytes;
        cursor = part.offset + part.bytes.length;
      }
      if (parts.length > 0 && cursor < length) {
        news.cancel();
        continue;
      }
      if (parts.length === 0 && cursor < length) {
        // All of this stretch fell out of the cap: go on behind it.
        yield* skipTo(at, cursor, length, (to) => {
          cursor = to;
        });
        news.cancel();
        continue;
      }
      const { task } = shown.value;
      const over = task.attempt > at.attempt || (task.attempt === at.attempt && !isRunningLike(task.state));
      if (over && cursor >= length) return news.cancel();
      await news.promise;
    }
  }

  async function* skipTo(at: LogPlace, cursor: number, length: number, moveTo: (to: number) => void): AsyncIterable<Uint8Array> {
    const { parts } = await files.read(at, length, cursor, length);
    const first = parts[0]?.offset ?? length;
    yield cutLine(first - cursor);
    moveTo(first);
  }

  function nextNews(task: number, signal: AbortSignal): { promise: Promise<void>; cancel: () => void } {
    let cancel = (): void => {};
    const promise = new Promise<void>((resolve) => {
      const set = listeners.get(task) ?? new Set();
      const done = (): void => {
        set.delete(done);
        if (set.size === 0) listeners.delete(task);
        signal.removeEventListener('abort', done);
        resolve();
      };
      listeners.set(task, set.add(done));
      signal.addEventListener('abort', done, { once: true });
      cancel = done;
    });
    return { promise, cancel };
  }

  return {
    append(at, offset, bytes, options = {}) {
      const state = stateOf(at);
      const { promise, resolve } = Promise.withResolvers<void>();
      state.appends += 1;
      const result = state.tail
        .then(() => appendNow(at, state, offset, bytes, options.jump ?? false, resolve))
        .finally(() => {
          state.appends -= 1;
          // Also where nothing had to be handed in, or it was refused.
          resolve();
        });
      state.tail = result.catch(() => {});
      state.handed = promise;
      return result;
    },
    async handedIn(task, attempt) {
      await Promise.all(logStreams.map(async (stream) => open.get(keyOf({ task, attempt, stream }))?.handed));
    },
    async read(by, at, range) {
      const shown = await deps.query.task(by, at.task);
      if (shown.refusal !== undefined) return shown;
      return { value: await bytesOf(at, range.start, range.end) };
    },
    follow,
    async lengths(task, attempt) {
      const rows = await Promise.all(logStreams.map((stream) => store.query.log(task, attempt, stream)));
      const [out, err, log] = rows.map((row) => row?.length ?? 0);
      return { out: out ?? 0, err: err ?? 0, log: log ?? 0 } satisfies Record<LogStream, number>;
    },
    moved,
    close() {
      closed = true;
      for (const task of [...listeners.keys()]) moved(task);
    },
  };
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

function cutLine(missing: number): Uint8Array {
  return new TextEncoder().encode(`\n[switchyard: ${missing} bytes in the middle were not kept]\n`);
}
