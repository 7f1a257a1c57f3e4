import { type Barred, candidatesLeft, isPresent } from '../../domain/candidates.ts';
import type { JobId, TaskId, WorkerId } from '../../domain/ids.ts';
import type { ClassSpec } from '../../domain/needs.ts';
import type { Block, Exclusion, Fault } from '../../domain/rows.ts';
import type { Task, TaskArray } from '../../domain/task.ts';
import type { Worker } from '../../domain/worker.ts';
import type { ReadRequest } from '../../ports/store.ts';

type Asked = Pick<Task, 'id' | 'job' | 'kind'>;

const key = (...parts: readonly (string | number)[]): string => parts.join(' ');

/** What the policy `distinct` decides by, for the tasks in hand: who there is, who failed what, who is blocked where. */
export class Candidates {
  #workers: readonly Worker[] = [];
  readonly #failed = new Map<TaskId, Set<WorkerId>>();
  readonly #blocked = new Map<string, Set<WorkerId>>();
  readonly #faults = new Map<string, number>();

  load(workers: readonly Worker[], exclusions: readonly Exclusion[], blocks: readonly Block[], faults: readonly Fault[]): void {
    this.#workers = workers;
    for (const { task, worker, why, until } of exclusions) {
      if (why === 'failed' && until === null) into(this.#failed, task, worker);
    }
    for (const { job, kind, worker } of blocks) into(this.#blocked, key(job, kind), worker);
    for (const { job, kind, worker, failures } of faults) this.#faults.set(key(job, worker, kind), failures);
  }

  /** Workers left for the task; `without` is failing it right now. `present`: only those that are here. */
  left(
    task: Asked,
    spec: ClassSpec,
    { without = null, present = false }: { without?: WorkerId | null; present?: boolean },
  ): number {
    const barred: Barred = new Set([
      ...(this.#failed.get(task.id) ?? []),
      ...this.blockedIn(task.job, task.kind),
      ...(without === null ? [] : [without]),
    ]);
    const left = candidatesLeft(spec, this.#workers, barred);
    return present ? left.filter(isPresent).length : left.length;
  }

  blockedIn(job: JobId, kind: string): ReadonlySet<WorkerId> {
    return this.#blocked.get(key(job, kind)) ?? new Set();
  }

  block({ job, kind, worker }: Block): void {
    into(this.#blocked, key(job, kind), worker);
  }

  /** One failure more on the account of the worker: how many there are now. */
  blame({ job, kind }: Asked, worker: WorkerId): number {
    const at = key(job, worker, kind);
    const failures = (this.#faults.get(at) ?? 0) + 1;
    this.#faults.set(at, failures);
    return failures;
  }
}

function into<K>(sets: Map<K, Set<WorkerId>>, at: K, worker: WorkerId): void {
  const set = sets.get(at);
  if (set === undefined) sets.set(at, new Set([worker]));
  else set.add(worker);
}

/** The reads for these tasks; nothing where no policy asks. `take` is handed what came back. */
export function candidateReads(rows: readonly (Task | TaskArray)[], now: number): Record<string, ReadRequest> {
  const asking = rows.filter(({ policy }) => policy.on === 'distinct');
  const reads: Record<string, ReadRequest> = {};
  if (asking.length === 0) return reads;
  reads['every worker'] = { read: 'allWorkers', of: null };
  for (const row of asking) {
    reads[`blocks ${row.job}`] = { read: 'blocks', of: { job: row.job, now } };
    reads[`faults ${row.job}`] = { read: 'faults', of: { job: row.job } };
    if ('state' in row && row.failures + row.attempt > 0)
      reads[`failed ${row.id}`] = { read: 'exclusions', of: { task: row.id } };
  }
  return reads;
}

export function takeCandidates(candidates: Candidates, got: Readonly<Record<string, unknown>>): void {
  const workers = got['every worker'] as readonly Worker[] | undefined;
  if (workers === undefined) return;
  const all = <T>(prefix: string): T[] =>
    Object.entries(got).flatMap(([name, rows]) => (name.startsWith(prefix) ? (rows as T[]) : []));
  candidates.load(workers, all('failed '), all('blocks '), all('faults '));
}
