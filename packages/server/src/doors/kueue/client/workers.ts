import type { Worker } from '../../../domain/worker.ts';
import type { WorkerInfo } from '../messages.ts';
import { workerInfoOf } from '../translate-worker.ts';
import { type Asking, answer, noWorker, type Reply } from './reply.ts';

/** Workers of every door that can run shell tasks and are here; ascending ids (kueue §5). */
export async function listWorkers(asking: Asking): Promise<Reply> {
  const workers = (await asking.desk.engine.query.workers(asking.by)).filter(isShown).sort((a, b) => a.id - b.id);
  return answer({ name: 'WorkerList', body: await Promise.all(workers.map((worker) => infoOf(asking, worker))) });
}

export async function showWorker(asking: Asking, { worker_id }: { worker_id: number }): Promise<Reply> {
  const unknown = noWorker(worker_id);
  if (!Number.isSafeInteger(worker_id) || worker_id < 1) return unknown;
  const worker = await asking.desk.engine.query.worker(asking.by, worker_id);
  if (worker.refusal !== undefined || !isShown(worker.value)) return unknown;
  return answer({ name: 'WorkerInfo', body: await infoOf(asking, worker.value) });
}

function isShown({ kinds, status }: Worker): boolean {
  return kinds.includes('shell') && (status === 'online' || status === 'starting' || status === 'lost');
}

async function infoOf({ desk, by }: Asking, worker: Worker): Promise<WorkerInfo> {
  const held = worker.holding > 0 ? await desk.engine.query.held(by, worker.id) : [];
  return workerInfoOf(worker, held, desk.live.get(worker.id)?.() ?? null);
}
