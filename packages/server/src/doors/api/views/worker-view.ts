import type { AmountsView, WorkerView } from '@switchyard/sdk/worker.ts';
import type { Amounts } from '../../../domain/needs.ts';
import { roomOf, type Worker } from '../../../domain/worker.ts';
import { timeOf } from './time.ts';

export function workerView(worker: Worker): WorkerView {
  const { wanted } = worker;
  return {
    id: worker.id,
    name: worker.name,
    owner: worker.owner,
    kinds: [...worker.kinds],
    tags: [...worker.tags],
    status: worker.status,
    mode: worker.mode,
    gate: worker.gate,
    wanted: wanted === null ? null : { mode: wanted.mode, lazy: wanted.lazy },
    total: amountsView(worker.total),
    room: amountsView(roomOf(worker)),
    holding: worker.holding,
    info: worker.info,
    createdAt: timeOf(worker.createdAt),
    seenAt: timeOf(worker.seenAt),
  };
}

/** A worker may report less than nothing after a resize; people are shown 0. */
function amountsView({ slots, cpus, ramMb, named }: Amounts): AmountsView {
  const least = (n: number): number => Math.max(0, n);
  const shown = Object.fromEntries(Object.entries(named).map(([name, amount]) => [name, least(amount)]));
  return { slots: least(slots), cpus: least(cpus), ramMb: least(ramMb), named: shown };
}
