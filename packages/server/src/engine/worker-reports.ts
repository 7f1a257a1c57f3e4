import type { WorkerId } from '../domain/ids.ts';
import type { Bus, Unsubscribe } from '../ports/bus.ts';
import type { Feed } from './engine.ts';

/** What a worker shows of itself at this moment (a printer's temperatures): plain JSON, up to 64 KiB, never stored. */
export type WorkerReport = Readonly<Record<string, unknown>>;

/** Live values of workers, newest wins: in memory and on the bus. Put by the door of the worker, read and followed by others. */
export interface WorkerReports {
  /** Null: nothing is known of it any more. */
  put(worker: WorkerId, report: WorkerReport | null): void;
  last(worker: WorkerId): WorkerReport | null;
  /** At most once per turn and worker; not replayed. */
  follow(call: (worker: WorkerId, report: WorkerReport | null) => void): Unsubscribe;
}

const prefix = 'worker-report:';

export function createWorkerReports({
  bus,
  feed,
}: {
  bus: Bus;
  feed: Pick<Feed, 'subscribe'>;
}): WorkerReports & { close(): void } {
  const last = new Map<WorkerId, WorkerReport>();
  const stop = feed.subscribe({ kinds: ['worker.deleted'] }, (changes) => {
    for (const { worker } of changes) if (worker !== null && last.delete(worker)) bus.clearSignal(`${prefix}${worker}`);
  });
  return {
    put(worker, report) {
      if (report === null && !last.has(worker)) return;
      if (report === null) last.delete(worker);
      else last.set(worker, report);
      bus.signal(`${prefix}${worker}`, report);
    },
    last: (worker) => last.get(worker) ?? null,
    follow: (call) =>
      bus.onSignal(`${prefix}*`, (subject, value) => call(Number(subject.slice(prefix.length)), value as WorkerReport | null)),
    close: stop,
  };
}
