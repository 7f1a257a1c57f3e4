import type { Amounts } from '../../domain/needs.ts';
import type { Task } from '../../domain/task.ts';
import { roomOf, type Worker } from '../../domain/worker.ts';
import { plainText } from '../kit/plain-text.ts';
import type { Resources, SystemInfo, WorkerInfo } from './messages.ts';
import { resourcesOf, time } from './translate.ts';

/** What is known of a worker beside its row while its connection is here: newest, never stored. */
export interface LiveWorker {
  readonly system: SystemInfo | null;
  readonly free: Resources | null;
  readonly lastSeen: number;
}

/** A worker of any door as Kueue shows it (kueue §2.2, WorkerInfo). `held`: the tasks that it holds. */
export function workerInfoOf(worker: Worker, held: readonly Task[], live: LiveWorker | null): WorkerInfo {
  const shell = held.filter(({ kind }) => kind === 'shell').sort((a, b) => a.id - b.id);
  const ids = (offered: boolean): number[] =>
    shell.filter(({ state }) => (state.state === 'offered') === offered).map(({ id }) => id);
  return {
    worker_id: worker.id,
    worker_name: plainText(worker.name, 200),
    connected_since: time(worker.createdAt),
    system_info: live?.system ?? systemInfoOf(worker),
    last_updated: time(live?.lastSeen ?? worker.seenAt),
    jobs_offered: ids(true),
    jobs_running: ids(false),
    free_resources: live?.free ?? freeOf(roomOf(worker)),
  };
}

/** Room may sink below 0 after a change of size; the peers know no such number. */
function freeOf({ slots, cpus, ramMb }: Amounts): Resources {
  return resourcesOf({ slots: Math.max(0, slots), cpus: Math.max(0, cpus), ramMb: Math.max(0, ramMb) });
}

const unknown = 'unknown';
const textOf = (value: unknown): string => (typeof value === 'string' && value !== '' ? plainText(value, 200) : unknown);
const countOf = (value: unknown, otherwise: number): number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : otherwise;

/** From what the worker's own door stored about it; words and zeros where nothing is known. */
function systemInfoOf({ info, total }: Worker): SystemInfo {
  return {
    kernel: textOf(info.kernel ?? info.release),
    distribution: textOf(info.distribution ?? info.system ?? info.platform),
    cpu_cores: countOf(info.cpu_cores ?? info.cores, total.cpus),
    cpu_frequency: countOf(info.cpu_frequency, 0),
    total_ram_mb: countOf(info.total_ram_mb, total.ramMb),
    load_info: { one: 0, five: 0, fifteen: 0 },
  };
}

/** As the worker's row keeps it, to be read back by `systemInfoOf`: what does not change from minute to minute. */
export function storedInfoOf(system: SystemInfo): Record<string, unknown> {
  const { kernel, distribution, cpu_cores, cpu_frequency, total_ram_mb } = system;
  return { kernel, distribution, cpu_cores, cpu_frequency, total_ram_mb };
}

/** Bounded, readable, every number one that the peers can read: loads may come as null, counts above 2^53. */
export function cleanSystemInfo(sent: SystemInfo): SystemInfo {
  const count = (value: number): number => Math.min(value, Number.MAX_SAFE_INTEGER);
  const load = (value: number | null): number => (value !== null && Number.isFinite(value) ? value : 0);
  const { one, five, fifteen } = sent.load_info;
  return {
    kernel: textOf(sent.kernel),
    distribution: textOf(sent.distribution),
    cpu_cores: count(sent.cpu_cores),
    cpu_frequency: count(sent.cpu_frequency),
    total_ram_mb: count(sent.total_ram_mb),
    load_info: { one: load(one), five: load(five), fifteen: load(fifteen) },
  };
}
