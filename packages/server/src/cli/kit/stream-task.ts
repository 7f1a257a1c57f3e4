import type { Client } from '@switchyard/sdk/client/client.ts';
import type { TaskView } from '@switchyard/sdk/task.ts';
import { paint, say, writeBytes } from './output.ts';
import { hasTaskEnded, watchTask } from './watch-task.ts';

export interface StreamOptions {
  readonly signal: AbortSignal;
  /** First attempt to show. */
  readonly attempt: number;
  /** Told before the output of a second, third … attempt. */
  readonly onAgain?: (attempt: number) => void;
}

/** Output of a task to our own, stream by stream, attempt after attempt, until it has ended. Gives the task as it ended. */
export async function streamTask(client: Client, id: number, options: StreamOptions): Promise<TaskView> {
  const { signal } = options;
  const watch = watchTask(client, id, signal);
  try {
    for (let attempt = options.attempt; ; attempt++) {
      const begun = await watch.until((task) => task.attempt >= attempt || hasTaskEnded(task));
      if (signal.aborted || begun.attempt < attempt) return begun;
      if (attempt > options.attempt) options.onAgain?.(attempt);
      const told = lossTeller();
      await Promise.all([
        copy(client, { id, attempt, stream: 'out' }, process.stdout, signal, told),
        copy(client, { id, attempt, stream: 'err' }, process.stderr, signal, told),
      ]);
      const after = await watch.until((task) => task.attempt > attempt || hasTaskEnded(task));
      if (signal.aborted || after.attempt === attempt) return after;
    }
  } finally {
    await watch.close();
  }
}

interface Place {
  readonly id: number;
  readonly attempt: number;
  readonly stream: 'out' | 'err';
}

async function copy(
  client: Client,
  place: Place,
  to: NodeJS.WriteStream,
  signal: AbortSignal,
  onLost: () => void,
): Promise<void> {
  const { id, attempt, stream } = place;
  for await (const bytes of client.tasks.followLog(id, { stream, attempt, signal, onLost })) await writeBytes(to, bytes);
}

/** Once for both streams. */
function lossTeller(): () => void {
  let told = false;
  return () => {
    if (!told) say(paint('dim', 'switchyard: the connection is lost; waiting for the server', process.stderr));
    told = true;
  };
}
