import type { Client } from '@switchyard/sdk/client/client.ts';
import { hasEnded } from '@switchyard/sdk/client/jobs.ts';
import type { TaskView } from '@switchyard/sdk/task.ts';
import { paint, say, writeBytes } from './output.ts';
import { patiently, restartMs } from './patience.ts';

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
  for (let attempt = options.attempt; ; ) {
    await Promise.all([
      copy(client, id, 'out', attempt, process.stdout, signal),
      copy(client, id, 'err', attempt, process.stderr, signal),
    ]);
    const task = await settledTask(client, id, attempt, signal);
    if (signal.aborted || isEnded(task)) return task;
    attempt = Math.max(attempt + 1, task.attempt);
    options.onAgain?.(attempt);
  }
}

function isEnded(task: TaskView): boolean {
  return task.state === 'succeeded' || task.state === 'failed' || task.state === 'canceled';
}

async function copy(
  client: Client,
  task: number,
  stream: 'out' | 'err',
  attempt: number,
  to: NodeJS.WriteStream,
  signal: AbortSignal,
): Promise<void> {
  const onLost = (): void => say(paint('dim', 'switchyard: the connection is lost; waiting for the server', process.stderr));
  let told = false;
  for await (const bytes of client.tasks.followLog(task, {
    stream,
    attempt,
    signal,
    onLost: () => {
      if (!told && stream === 'out') onLost();
      told = true;
    },
  })) {
    await writeBytes(to, bytes);
  }
}

/** The streams of this attempt are over: the task has ended, or waits for another attempt. */
async function settledTask(client: Client, id: number, attempt: number, signal: AbortSignal): Promise<TaskView> {
  for (;;) {
    const task = await patiently(() => client.tasks.show(id), restartMs, signal);
    if (isEnded(task) || signal.aborted || task.attempt > attempt) return task;
    if (task.state === 'waiting' || task.state === 'ready' || task.state === 'offered') return task;
    const job = await patiently(() => client.jobs.waitOnce(task.job, { timeoutMs: 1_000, signal }), restartMs, signal);
    if (hasEnded(job.state)) return client.tasks.show(id);
  }
}
