import type { Client } from '@switchyard/sdk/client/client.ts';
import { clean, say } from './output.ts';
import { tasksOf } from './target.ts';

const shownFailures = 10;

/** The first tasks of a job that failed, why, and how to read more. */
export async function tellFailures(client: Client, job: number): Promise<void> {
  let left = shownFailures;
  for await (const task of tasksOf(client, job, { state: ['failed'], limit: shownFailures })) {
    if (left-- === 0) break;
    const name = task.index === null || task.key !== null ? `t${task.id}` : `${job}.${task.index}`;
    say(`  ${name}  ${clean(task.error ?? task.text ?? task.reason ?? '')}  (switchyard logs ${name})`);
  }
}
