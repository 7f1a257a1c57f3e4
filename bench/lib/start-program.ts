import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { AnswerMessage } from './program.ts';

/** A contestant's process: heaps, compilers and event loops of contestants are kept apart. */
export interface Program {
  readonly pid: number;
  call<T = unknown>(name: string, input?: unknown): Promise<T>;
  /** Asks it to close (`close`), then ends it. */
  close(): Promise<void>;
}

/** `file`: relative to `bench/`. */
export function startProgram(file: string, execArgv: readonly string[] = []): Program {
  const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
  const child = fork(path, [], { execArgv: [...execArgv], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let last = 0;
  child.on('message', (answer: AnswerMessage) => {
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('error' in answer) asked?.reject(new Error(`${file}: ${answer.error}`));
    else asked?.resolve(answer.value);
  });
  child.on('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`${file} ended (${signal ?? code})`));
    waiting.clear();
  });
  function call<T>(name: string, input: unknown = null): Promise<T> {
    if (child.exitCode !== null) return Promise.reject(new Error(`${file} has ended`));
    const id = ++last;
    return new Promise<T>((resolve, reject) => {
      waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      child.send({ id, name, input });
    });
  }
  return {
    pid: child.pid ?? 0,
    call,
    async close() {
      if (child.exitCode === null && child.signalCode === null) {
        await call('close').catch(() => {});
        await ended(child);
      }
    },
  };
}

const patienceMs = 5_000;

/** Lets the process go; it is killed if it does not. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  child.disconnect();
  await exit;
  clearTimeout(timer);
}
