import { type Asking, type Reply, response } from './reply.ts';

const perCommand = 200;

/** Canceled and succeeded jobs, with `all` failed ones too (kueue §6.7). Jobs of several tasks are not Kueue's to remove. */
export async function cleanJobs({ desk, by }: Asking, { all }: { all: boolean }): Promise<Reply> {
  const states = all ? (['succeeded', 'canceled', 'failed'] as const) : (['succeeded', 'canceled'] as const);
  const cleaned = await cleanUp(desk.engine, by, states, desk.clock.now() + 1);
  return 'refusal' in cleaned ? response(false, cleaned.refusal) : response(true, `${cleaned.count} jobs removed`);
}

/** One-task shell jobs that ended before a moment; page by page, so that no transaction grows. */
export async function cleanUp(
  engine: Asking['desk']['engine'],
  by: Asking['by'],
  states: readonly ('succeeded' | 'canceled' | 'failed')[],
  endedBefore: number,
): Promise<{ count: number } | { refusal: string }> {
  let count = 0;
  for (let more = true; more; ) {
    const input = { states, kinds: ['shell'], oneTask: true, endedBefore, limit: perCommand };
    const cleaned = await engine.command(by, 'clean', input);
    if (cleaned.refusal !== undefined) return { refusal: cleaned.refusal.detail };
    const { deleted } = cleaned.value;
    count += deleted.length;
    more = cleaned.value.more && deleted.length > 0;
  }
  return { count };
}
