import { PgBoss } from 'pg-boss';
import { postgresConfig } from '../postgres/pool.ts';

export const queue = 'noop';

/** `listens`: woken by the database when a job comes, instead of looking again and again. */
export async function openBoss(at: string, max: number, listens: boolean): Promise<PgBoss> {
  const boss = new PgBoss({ ...postgresConfig(at), max, useListenNotify: listens, schedule: false, monitorVacuum: false });
  boss.on('error', (error: Error) => console.error(error.message));
  await boss.start();
  await boss.createQueue(queue, { notify: true });
  return boss;
}
