import type { Client } from '@switchyard/sdk/client/client.ts';
import type { TaskView } from '@switchyard/sdk/task.ts';
import { createBell } from './bell.ts';
import { patiently, restartMs } from './patience.ts';

export interface TaskWatch {
  /** The task as soon as the test holds; as it is when `signal` is aborted. */
  until(test: (task: TaskView) => boolean): Promise<TaskView>;
  close(): Promise<void>;
}

/** Looks at a task whenever it has moved. */
export function watchTask(client: Client, id: number, signal: AbortSignal): TaskWatch {
  const over = new AbortController();
  const bell = createBell();
  const stop = AbortSignal.any([over.signal, signal]);
  stop.addEventListener('abort', bell.ring, { once: true });
  const following = (async () => {
    // The open stream rings too: what happened before it is seen by a look after it.
    for await (const _ of client.changes({ task: id, signal: stop, onOpen: bell.ring })) bell.ring();
  })();
  // Told by the look that fails in the same way.
  following.catch(bell.ring);
  return {
    async until(test) {
      for (;;) {
        const task = await patiently(() => client.tasks.show(id), restartMs, signal);
        if (test(task) || signal.aborted) return task;
        await bell.rung();
      }
    },
    async close() {
      over.abort();
      await following.catch(() => {});
    },
  };
}

export function hasTaskEnded({ state }: TaskView): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'canceled';
}
