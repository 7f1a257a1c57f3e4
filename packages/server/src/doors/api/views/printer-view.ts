import type { PrintPayload } from '@switchyard/sdk/print.ts';
import type { PrinterLive, PrinterState, PrinterView } from '@switchyard/sdk/printer.ts';
import type { Task } from '../../../domain/task.ts';
import type { Worker } from '../../../domain/worker.ts';
import { timeOf } from './time.ts';

/** The print that a printer holds. */
export interface HeldPrint {
  readonly task: Task;
  readonly payload: PrintPayload;
}

export function printerView(worker: Worker, live: PrinterLive | null, held: HeldPrint | null): PrinterView {
  return {
    ...{ id: worker.id, name: worker.name, owner: worker.owner, tags: [...worker.tags], gate: worker.gate, info: worker.info },
    state: stateOf(worker, live),
    maintenance: inMaintenance(worker),
    live: isThere(worker) ? live : null,
    print: held === null ? null : printOf(held, live),
    seenAt: timeOf(worker.seenAt),
  };
}

function printOf({ task, payload }: HeldPrint, live: PrinterLive | null): PrinterView['print'] {
  const { facts = null, name } = payload;
  const told = live?.job?.task === task.id ? live.job : null;
  const estimated = facts?.seconds == null ? null : Math.round(facts.seconds * (1 - (told?.progress ?? 0)));
  return {
    ...{ job: task.job, task: task.id, name, facts },
    startedAt: task.startedAt === null ? null : timeOf(task.startedAt),
    remainingS: told?.remainingS ?? estimated,
  };
}

const isThere = ({ status }: Worker): boolean => status === 'online';

/** Somebody wants it so, whether it could follow already or not. */
export function inMaintenance({ mode, wanted }: Pick<Worker, 'mode' | 'wanted'>): boolean {
  return (wanted?.mode ?? mode) === 'asleep';
}

function stateOf(worker: Worker, live: PrinterLive | null): PrinterState {
  if (!isThere(worker)) return 'offline';
  if (live?.status === 'unavailable' || worker.mode === 'error') return 'unavailable';
  if (worker.holding > 0) return live?.job?.state ?? 'starting';
  if (inMaintenance(worker)) return 'maintenance';
  return worker.gate === 'closed' ? 'uncleared' : 'ready';
}
