import { Worker } from 'node:worker_threads';
import type { Call, Outcome } from './calls.ts';
import type { Carrier } from './carrier.ts';
import type { Executor } from './lanes.ts';
import type { FromThread, ThreadData, ToThread } from './messages.ts';
import { isPlain } from './plain.ts';
import { threadBoot, threadSources } from './thread-sources.ts';

interface Pending {
  resolve(outcomes: readonly Outcome[]): void;
  reject(error: Error): void;
}

/** Starts the writer thread. `onFatal` is called once if it dies by itself: the store is gone then. */
export async function startThread(data: ThreadData, onFatal: (error: Error) => void): Promise<Carrier & { synchronous: number }> {
  const entry = new URL('./thread.ts', import.meta.url).href;
  const sources = await threadSources([entry, data.procedures.url]);
  const thread = new Worker(threadBoot, { eval: true, workerData: { ...data, entry, sources }, name: 'switchyard-store' });
  const synchronous = await readiness(thread);
  let pending: Pending | null = null;
  let gone: Error | null = null;
  let closed: (() => void) | null = null;

  const die = (cause: unknown): void => {
    closed?.();
    if (gone !== null || closed !== null) return;
    gone = new Error('the store thread ended', { cause });
    pending?.reject(gone);
    pending = null;
    onFatal(gone);
  };
  thread.on('message', (message: FromThread) => {
    if ('outcomes' in message) {
      const waiting = pending;
      pending = null;
      waiting?.resolve(message.outcomes);
    }
  });
  thread.on('error', die);
  thread.on('exit', die);

  function execute(calls: readonly Call[]): Promise<readonly Outcome[]> {
    if (gone !== null) return Promise.reject(gone);
    return new Promise((resolve, reject) => {
      pending = { resolve, reject };
      try {
        thread.postMessage({ calls } satisfies ToThread);
      } catch (error) {
        pending = null;
        resolve(executePlain(calls, execute, error));
      }
    });
  }

  return {
    synchronous,
    execute,
    close() {
      if (gone !== null) return Promise.resolve();
      return new Promise((resolve) => {
        closed = resolve;
        thread.postMessage({ close: true } satisfies ToThread);
      });
    },
  };
}

/** Settles when the thread has opened the database, or tells why it could not. Gives its `PRAGMA synchronous`. */
function readiness(thread: Worker): Promise<number> {
  return new Promise((resolve, reject) => {
    const settle = (then: () => void): void => {
      thread.off('message', heard).off('error', failed).off('exit', ended);
      then();
    };
    const heard = (message: FromThread): void => {
      if ('ready' in message) settle(() => resolve(message.synchronous));
      else if ('failed' in message) settle(() => reject(new Error(message.failed)));
    };
    const failed = (error: Error): void => settle(() => reject(error));
    const ended = (code: number): void => settle(() => reject(new Error(`the store thread ended with code ${code}`)));
    thread.on('message', heard).on('error', failed).on('exit', ended);
  });
}

/** Some call holds what no message can carry: that one fails, those before it go without it. */
async function executePlain(calls: readonly Call[], execute: Executor, error: unknown): Promise<readonly Outcome[]> {
  const bad = calls.findIndex((call) => !isPlain(call));
  if (bad === -1) throw error;
  return bad === 0 ? [{ failed: 'the input of a command is not a plain value' }] : execute(calls.slice(0, bad));
}
