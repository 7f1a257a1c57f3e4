import type { Principal } from '../../../domain/principal.ts';
import { isAlive, type Task } from '../../../domain/task.ts';
import type { EngineQueries } from '../../../engine/queries.ts';
import type { Desk } from '../desk.ts';
import type { TaskFace } from '../translate.ts';

/** With the whole row. */
export type ShownFace = TaskFace & { readonly task: Task };

type Shown = Awaited<ReturnType<EngineQueries['tasks']>>[number];

/** Everything that shows tasks goes through here: rows to faces, many at once. Other kinds than `shell` do not exist for Kueue. */
export async function facesOf(desk: Desk, by: Principal, shown: readonly Shown[]): Promise<ShownFace[]> {
  const shell = shown.filter(({ task }) => task.kind === 'shell');
  const { query } = desk.engine;
  const [makeups, names] = await Promise.all([query.makeups(shell.map(({ task }) => task)), namesOf(desk, by, shell)]);
  return shell.flatMap(({ task, attempt }) => {
    const makeup = makeups.get(task.id);
    if (makeup === undefined) return [];
    const { state } = task;
    const deadline = state.state === 'offered' ? state.deadline : null;
    const holder = isAlive(state) ? names.get(state.worker) : undefined;
    return [
      {
        task,
        attempt,
        body: makeup.body,
        value: makeup.value,
        amounts: makeup.amounts,
        pools: makeup.pools,
        workerName: holder ?? null,
        offeredAt: deadline === null ? null : deadline - desk.offerMs,
      },
    ];
  });
}

/** Only offers need to be looked up: an attempt carries its worker's name. */
async function namesOf(desk: Desk, by: Principal, shown: readonly Shown[]): Promise<ReadonlyMap<number, string>> {
  if (!shown.some(({ task }) => task.state.state === 'offered')) return new Map();
  const workers = await desk.engine.query.workers(by);
  return new Map(workers.map(({ id, name }) => [id, name]));
}

/** Null: no such job, for Kueue. */
export async function faceOf(desk: Desk, by: Principal, id: number): Promise<ShownFace | null> {
  if (!Number.isSafeInteger(id) || id < 1) return null;
  const shown = await desk.engine.query.task(by, id);
  if (shown.refusal !== undefined) return null;
  return (await facesOf(desk, by, [shown.value]))[0] ?? null;
}
