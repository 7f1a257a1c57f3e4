import { type Result, refuse } from '../domain/errors.ts';
import type { WorkerId } from '../domain/ids.ts';
import { may, type Principal, reaches } from '../domain/principal.ts';
import type { Insist } from './insist.ts';
import type { SessionTable } from './session-table.ts';

/**
 * A message to a connected worker past every queue (an emergency stop): it is sent at once, in this turn of the event loop, and
 * written down afterwards. `kind`: only to one that runs such tasks.
 */
export type Urge = (by: Principal, worker: WorkerId, kind: string, message: unknown) => Result<{ done: true }>;

export function createUrge({ table, insist }: { table: SessionTable; insist: Insist }): Urge {
  return (by, id, kind, message) => {
    const session = table.ofWorker(id);
    const refused = (text: string) => refuse('worker_unavailable', text);
    if (!may(by, 'worker:control')) return refuse('forbidden', `${by.name} lacks the right worker:control`);
    if (session === undefined) return refused(`Worker ${id} is not connected; nobody would hear it`);
    const { worker, ears } = session;
    // A foreign one is as good as none.
    if (!reaches(by, worker.owner)) return refuse('not_found', `There is no worker ${id}`);
    if (!worker.kinds.includes(kind)) return refused(`${worker.name} runs no tasks of kind ${kind}`);
    ears.tell({ tell: 'message', message });
    void insist('note', { by: by.id, name: by.name, command: 'urge', subject: `worker ${id}`, refusal: null });
    return { value: { done: true } };
  };
}
