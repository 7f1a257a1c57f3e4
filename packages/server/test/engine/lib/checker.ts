import { type Counts, moved, noCounts } from '../../../src/domain/counts.ts';
import { type Job, jobState } from '../../../src/domain/job.ts';
import { amountOf, fitsIn, minus, nothing, plus } from '../../../src/domain/needs.ts';
import type { Edge } from '../../../src/domain/rows.ts';
import { kindPool } from '../../../src/domain/rows.ts';
import { isAlive, isEnded, isRunningLike, type Task, type TaskArray } from '../../../src/domain/task.ts';
import type { Worker } from '../../../src/domain/worker.ts';
import type { AllRows } from './all-rows.ts';

/** Everything that must hold of the rows once nothing is under way, worked out anew from tasks, arrays and edges. Texts of what does not. */
export function faultsIn(rows: AllRows): string[] {
  const book = bookOf(rows);
  return [
    ...jobFaults(book),
    ...tallyFaults(book),
    ...workerFaults(book),
    ...poolFaults(book),
    ...attemptFaults(book),
    ...arrayFaults(book),
    ...dependencyFaults(book),
    ...blockFaults(book),
    ...keptFaults(book),
    ...rateFaults(book),
    ...shareFaults(book),
    ...rows.sweeps.map(({ key }) => `sweep ${key} is left undone`),
  ];
}

interface Book extends AllRows {
  readonly jobOf: ReadonlyMap<number, Job>;
  readonly taskOf: ReadonlyMap<number, Task>;
  readonly arrayOf: ReadonlyMap<number, TaskArray>;
  readonly workerOf: ReadonlyMap<number, Worker>;
  readonly specOf: (task: { class: number }) => AllRows['classes'][number]['spec'];
}

function bookOf(rows: AllRows): Book {
  const specs = new Map(rows.classes.map(({ id, spec }) => [id, spec]));
  return {
    ...rows,
    jobOf: new Map(rows.jobs.map((job) => [job.id, job])),
    taskOf: new Map(rows.tasks.map((task) => [task.id, task])),
    arrayOf: new Map(rows.arrays.map((array) => [array.id, array])),
    workerOf: new Map(rows.workers.map((worker) => [worker.id, worker])),
    specOf: (task) => specs.get(task.class)!,
  };
}

const restOf = (array: TaskArray): number => array.size - array.next - array.holes;
const text = (value: unknown): string => JSON.stringify(value);

function unequal(what: string, is: unknown, should: unknown): string[] {
  return text(is) === text(should) ? [] : [`${what} is ${text(is)}, should be ${text(should)}`];
}

function countsBy(book: Book, key: (row: { job: number; kind: string }) => number | string): Map<number | string, Counts> {
  const all = new Map<number | string, Counts>();
  const add = (row: { job: number; kind: string }, state: Task['state']['state'], n: number): void => {
    all.set(key(row), moved(all.get(key(row)) ?? noCounts, null, state, n));
  };
  for (const task of book.tasks) add(task, task.state.state, 1);
  for (const array of book.arrays) add(array, array.rest.state, restOf(array));
  return all;
}

function jobFaults(book: Book): string[] {
  const counts = countsBy(book, ({ job }) => job);
  return book.jobs.flatMap((job) => {
    const mine = counts.get(job.id) ?? noCounts;
    const ran = book.tasks.some((task) => task.job === job.id && task.attempt > 0);
    return [
      ...unequal(`counts of job ${job.id}`, job.counts, mine),
      ...unequal(`state of job ${job.id}`, job.state, jobState(mine, job.intent, job.startedAt !== null)),
      ...(ran && job.startedAt === null ? [`job ${job.id} has run and was never started`] : []),
      ...unequal(`end of job ${job.id}`, job.endedAt !== null, ['succeeded', 'failed', 'canceled'].includes(job.state)),
    ];
  });
}

function tallyFaults(book: Book): string[] {
  const counts = countsBy(book, ({ kind }) => kind);
  return book.tallies.flatMap((tally) => {
    const ended = book.tasks.filter(
      ({ kind, state, startedAt }) =>
        kind === tally.kind && (state.state === 'succeeded' || state.state === 'failed') && startedAt !== null,
    );
    const seconds = ended.map(({ startedAt, endedAt }) => Math.max(0, Math.floor((endedAt! - startedAt!) / 1000)));
    return [
      ...unequal(`counts of kind ${tally.kind}`, tally.counts, counts.get(tally.kind) ?? noCounts),
      ...unequal(`finished runs of ${tally.kind}`, tally.finishedRuns, ended.length),
      ...unequal(
        `finished seconds of ${tally.kind}`,
        tally.finishedSeconds,
        seconds.reduce((sum, one) => sum + one, 0),
      ),
    ];
  });
}

function workerFaults(book: Book): string[] {
  const faults: string[] = [];
  for (const { id, state } of book.tasks) {
    if (!isAlive(state)) continue;
    const worker = book.workerOf.get(state.worker);
    if (worker === undefined) faults.push(`task ${id} is ${state.state} with worker ${state.worker}, which does not exist`);
    else if (worker.session !== state.session || worker.status === 'offline')
      faults.push(`task ${id} is held in session ${state.session}; ${worker.id} is ${worker.status} in ${worker.session}`);
  }
  for (const worker of book.workers) {
    const mine = book.tasks.filter(({ state }) => isAlive(state) && state.worker === worker.id);
    let used = nothing;
    for (const task of mine) if (isRunningLike(task.state)) used = plus(used, book.specOf(task).amounts);
    faults.push(...unequal(`holding of worker ${worker.id}`, worker.holding, mine.length));
    const { slots, cpus, ramMb } = worker.used;
    faults.push(...unequal(`used of worker ${worker.id}`, [slots, cpus, ramMb], [used.slots, used.cpus, used.ramMb]));
    if (worker.profile.room === 'counted' && !fitsIn(used, worker.total))
      faults.push(`worker ${worker.id} runs ${text(used)} and has ${text(worker.total)}`);
  }
  return faults;
}

/** What a class takes from pools, in the words of the design: what it names, and its slots from the pool of its kind. */
function wanted(book: Book, task: Task): Record<string, number> {
  const spec = book.specOf(task);
  const names = new Map(Object.entries(spec.pools));
  const implicit = kindPool(spec.kind);
  if (book.pools.some(({ name }) => name === implicit))
    names.set(implicit, Math.max(spec.amounts.slots, names.get(implicit) ?? 0));
  if (spec.limit !== undefined) names.set(`limit:${spec.limit.key}`, 1);
  return Object.fromEntries(names);
}

function poolFaults(book: Book): string[] {
  return [...usedFaults(book), ...limitFaults(book)];
}

/** No more under a key than the most generous of those that run allows, and no count of nothing. */
function limitFaults(book: Book): string[] {
  const running = new Map<string, { n: number; max: number }>();
  for (const task of book.tasks) {
    const { limit } = book.specOf(task);
    if (limit === undefined || !isAlive(task.state)) continue;
    const { n, max } = running.get(limit.key) ?? { n: 0, max: 0 };
    running.set(limit.key, { n: n + 1, max: Math.max(max, limit.max) });
  }
  const tooMany = [...running].flatMap(([key, { n, max }]) =>
    n > max ? [`${n} tasks under the limit ${key}, which is ${max}`] : [],
  );
  const empty = book.pools.filter(({ name, used }) => name.startsWith('limit:') && used === 0);
  const missing = [...running.keys()].filter((key) => !book.pools.some(({ name }) => name === `limit:${key}`));
  return [
    ...tooMany,
    ...empty.map(({ name }) => `pool ${name} counts nothing`),
    ...missing.map((key) => `limit ${key} is not counted`),
  ];
}

function usedFaults(book: Book): string[] {
  const attempts = new Map(book.attempts.map((attempt) => [`${attempt.task}.${attempt.number}`, attempt]));
  return book.pools.flatMap(({ name, used }) => {
    let sum = 0;
    for (const task of book.tasks) {
      if (!isAlive(task.state)) continue;
      const taken = isRunningLike(task.state) ? attempts.get(`${task.id}.${task.attempt}`)?.pools : wanted(book, task);
      sum += amountOf(taken ?? {}, name);
    }
    return unequal(`used of pool ${name}`, used, sum);
  });
}

function attemptFaults(book: Book): string[] {
  const faults: string[] = [];
  const perTask = new Map<number, number>();
  for (const { task: id, number, outcome, worker } of book.attempts) {
    perTask.set(id, (perTask.get(id) ?? 0) + 1);
    const task = book.taskOf.get(id);
    if (task === undefined) {
      faults.push(`attempt ${id}.${number} has no task`);
      continue;
    }
    const live = isRunningLike(task.state) && task.attempt === number;
    if (live !== (outcome === null))
      faults.push(`attempt ${id}.${number} has outcome ${outcome}, its task is ${task.state.state}`);
    if (live && isRunningLike(task.state) && task.state.worker !== worker)
      faults.push(`attempt ${id}.${number} is with ${worker}, its task with ${task.state.worker}`);
  }
  for (const { id, attempt } of book.tasks) faults.push(...unequal(`attempts of task ${id}`, perTask.get(id) ?? 0, attempt));
  return faults;
}

function arrayFaults(book: Book): string[] {
  const lost = (state: Task['state']): boolean => state.state === 'failed' || state.state === 'canceled';
  return book.arrays.flatMap((array) => {
    const rows = book.tasks.filter((task) => task.array === array.id);
    const rest = restOf(array);
    return [
      ...(rest < 0 ? [`array ${array.id} has a rest of ${rest}`] : []),
      ...unequal(`holes of array ${array.id}`, array.holes, rows.filter(({ index }) => index! >= array.next).length),
      ...unequal(`claimed of array ${array.id}`, rows.filter(({ index }) => index! < array.next).length, array.next),
      ...unequal(
        `succeeded of array ${array.id}`,
        array.succeeded,
        rows.filter(({ state }) => state.state === 'succeeded').length,
      ),
      ...unequal(
        `lost of array ${array.id}`,
        array.lost,
        rows.filter(({ state }) => lost(state)).length + (lost(array.rest) ? rest : 0),
      ),
      ...rows.flatMap(({ id, parentsLeft }) => unequal(`parents of index ${id} of ${array.id}`, parentsLeft, array.parentsLeft)),
    ];
  });
}

function isLost(book: Book, { parentKind, parent }: Edge): boolean {
  if (parentKind === 'array') return (book.arrayOf.get(parent)?.lost ?? 0) > 0;
  const state = parentKind === 'task' ? book.taskOf.get(parent)?.state.state : book.jobOf.get(parent)?.state;
  return state === 'failed' || state === 'canceled';
}

/** Whoever waits, waits for something that can still come. */
function dependencyFaults(book: Book): string[] {
  const above = new Map<string, Edge[]>();
  for (const edge of book.edges) {
    const key = `${edge.childKind} ${edge.child}`;
    above.set(key, [...(above.get(key) ?? []), edge]);
  }
  const faultsOf = (name: string, state: Task['state'], left: number, job: Job, edges: readonly Edge[]): string[] => {
    const open = edges.filter(({ done }) => !done);
    const lost = open.filter((edge) => !edge.any && isLost(book, edge));
    const over = open.find(
      (edge) => edge.any && ['succeeded', 'failed', 'canceled'].includes(book.jobOf.get(edge.parent)?.state ?? ''),
    );
    if (over !== undefined && !isEnded(state)) return [`${name} waits for the end of job ${over.parent}, which has ended`];
    const faults: string[] = [];
    if (open.length > left) faults.push(`${name} waits for ${left} parents and has ${open.length} open edges`);
    if (left > 0 && !isEnded(state) && state.state !== 'waiting')
      faults.push(`${name} is ${state.state} with ${left} parents left`);
    if (state.state === 'waiting') {
      if (!state.held && state.notBefore === null && left === 0) faults.push(`${name} waits for nothing`);
      if (lost.length > 0) faults.push(`${name} waits for ${text(lost[0])}, which is lost`);
      if (open.length < left) faults.push(`${name} waits for ${left} parents, of which ${open.length} are left`);
    }
    const byOthers = state.state === 'canceled' && state.reason === 'dependency';
    if (byOthers && lost.length === 0 && open.length === left && job.intent !== 'cancel' && job.intent !== 'delete')
      faults.push(`${name} is canceled for its parents, and none is lost`);
    return faults;
  };
  return [
    ...book.tasks.flatMap((task) => {
      const key = task.array === null ? `task ${task.id}` : `array ${task.array}`;
      return faultsOf(`task ${task.id}`, task.state, task.parentsLeft, book.jobOf.get(task.job)!, above.get(key) ?? []);
    }),
    ...book.arrays.flatMap((array) => {
      if (restOf(array) === 0) return [];
      const edges = above.get(`array ${array.id}`) ?? [];
      return faultsOf(`array ${array.id}`, array.rest, array.parentsLeft, book.jobOf.get(array.job)!, edges);
    }),
  ];
}

/** Attempts under a key within one interval, by the rows of the attempts; and what is shown now. */
function rateFaults(book: Book): string[] {
  const bounds = new Map<string, { max: number; perMs: number }>();
  const begun = new Map<string, number[]>();
  for (const { task: id, startedAt } of book.attempts) {
    const task = book.taskOf.get(id);
    const rate = task === undefined ? undefined : book.specOf(task).rate;
    if (rate === undefined) continue;
    const { max = 0, perMs = Number.POSITIVE_INFINITY } = bounds.get(rate.key) ?? {};
    bounds.set(rate.key, { max: Math.max(max, rate.max), perMs: Math.min(perMs, rate.perMs) });
    begun.set(rate.key, [...(begun.get(rate.key) ?? []), startedAt]);
  }
  const shown = (key: string): number =>
    book.tasks.filter((task) => task.state.state === 'offered' && book.specOf(task).rate?.key === key).length;
  const counts = book.rates.flatMap(({ key, offered }) => unequal(`shown under the rate ${key}`, offered, shown(key)));
  const bursts = [...bounds].flatMap(([key, { max, perMs }]) => {
    const starts = (begun.get(key) ?? []).sort((a, b) => a - b);
    const at = starts.findIndex((start, i) => (starts[i + max] ?? Number.POSITIVE_INFINITY) < start + perMs);
    return at < 0 ? [] : [`more than ${max} tasks under the rate ${key} began within ${perMs} ms`];
  });
  return [...counts, ...bursts];
}

/** No two workers are kept for one task, and none is kept while what it is kept for would fit. */
function keptFaults(book: Book): string[] {
  const seen = new Map<number, number>();
  return book.reservations.flatMap(({ task, worker: id }) => {
    const other = seen.get(task);
    seen.set(task, id);
    const worker = book.workerOf.get(id);
    const asleep = worker === undefined || worker.status !== 'online' || worker.mode !== 'awake' || worker.wanted !== null;
    const twice = other === undefined || asleep ? [] : [`workers ${other} and ${id} are kept for task ${task}`];
    return worker === undefined ? [...twice, `worker ${id} is kept for task ${task}, and gone`] : twice;
  });
}

/** What is counted as running for an owner is what runs. */
function shareFaults(book: Book): string[] {
  const running = new Map<string, number>();
  for (const task of book.tasks) {
    const { fair, amounts } = book.specOf(task);
    if (fair !== null && isRunningLike(task.state)) running.set(fair, (running.get(fair) ?? 0) + amounts.slots);
  }
  return [
    ...book.shares.flatMap((share) =>
      share.key === '' ? [] : unequal(`share of ${share.key}`, share.running, running.get(share.key) ?? 0),
    ),
    ...[...running.keys()].filter((key) => !book.shares.some((share) => share.key === key)).map((key) => `${key} has no share`),
  ];
}

/** Whoever failed as often as a job allows is blocked there. */
function blockFaults(book: Book): string[] {
  return book.faults.flatMap(({ job, worker, kind, failures }) => {
    const limits = book.tasks
      .filter((task) => task.job === job && task.kind === kind)
      .map(({ policy }) => policy.blockAfter ?? 0);
    // For good only: what ends by itself may have ended, and is due again at the next failure.
    const timed = book.tasks.some((task) => task.job === job && (task.policy.blockMs ?? 0) > 0);
    const reached = !timed && limits.length > 0 && limits.every((limit) => limit > 0 && failures >= limit);
    const blocked = book.blocks.some((one) => one.job === job && one.worker === worker && one.kind === kind);
    return reached && !blocked ? [`worker ${worker} failed ${failures} tasks of job ${job} and is not blocked there`] : [];
  });
}

/** Tasks that are queued although nobody is left who may try them; in the words of the design, over every row. */
export function hopelessIn(rows: AllRows): string[] {
  const book = bookOf(rows);
  return rows.tasks.flatMap((task) => {
    if (task.policy.on !== 'distinct' || task.state.state !== 'ready') return [];
    const spec = book.specOf(task);
    const blocked = rows.blocks.filter((one) => one.job === task.job && one.kind === task.kind).map(({ worker }) => worker);
    if (task.failures === 0 && blocked.length === 0) return [];
    const failed = rows.exclusions.filter((one) => one.task === task.id && one.why === 'failed').map(({ worker }) => worker);
    const left = rows.workers.filter(
      ({ id, kinds, tags, total }) =>
        !blocked.includes(id) &&
        !failed.includes(id) &&
        kinds.includes(spec.kind) &&
        spec.tags.every((tag) => tags.includes(tag)) &&
        fitsIn(spec.amounts, total),
    );
    return left.length === 0 ? [`task ${task.id} is ready and nobody is left for it`] : [];
  });
}

/** A task that this worker could begin at this moment, as a text; null: there is none. Looks at every row, in no clever order. */
export function couldBegin(rows: AllRows, workerId: number, now: number, offer: boolean): string | null {
  const book = bookOf(rows);
  const worker = book.workerOf.get(workerId);
  if (worker === undefined || worker.status !== 'online' || worker.mode !== 'awake') return null;
  if (worker.wanted !== null && worker.wanted.mode !== 'awake') return null;
  if (worker.gate === 'closed') return null;
  // What it is kept for comes first: what may be begun beside is looked at by tests of its own.
  if (rows.reservations.some((one) => one.worker === workerId)) return null;
  let room = worker.profile.room === 'reported' ? (worker.reported ?? worker.total) : minus(worker.total, worker.used);
  // What it was offered in one go stands side by side in its room.
  if (offer) {
    for (const task of rows.tasks) {
      if (task.state.state === 'offered' && task.state.worker === workerId) room = minus(room, book.specOf(task).amounts);
    }
  }
  const fits = (row: Task | TaskArray, id: number): boolean => {
    const job = book.jobOf.get(row.job);
    const spec = book.specOf(row);
    if (job?.intent !== 'none') return false;
    if (!worker.kinds.includes(spec.kind) || spec.tags.some((tag) => !worker.tags.includes(tag))) return false;
    if (spec.pin !== null && spec.pin !== worker.id) return false;
    if (!fitsIn(spec.amounts, room) || !fitsIn(spec.amounts, worker.total)) return false;
    const { rate } = spec;
    const known = rate === undefined ? undefined : book.rates.find(({ key }) => key === rate.key);
    const taken = (known?.starts ?? []).filter((at) => at >= now - (rate?.perMs ?? 0)).length + (known?.offered ?? 0);
    if (rate !== undefined && taken >= rate.max) return false;
    for (const [name, amount] of Object.entries(wanted(book, row as Task))) {
      const pool = book.pools.find((one) => one.name === name);
      const { limit } = spec;
      const total = limit !== undefined && name === `limit:${limit.key}` ? limit.max : pool?.total;
      if (total === undefined || (pool?.used ?? 0) + amount > total) return false;
    }
    if (book.blocks.some((one) => one.job === row.job && one.worker === worker.id && one.kind === row.kind)) return false;
    return !book.exclusions.some(
      (one) =>
        one.task === id &&
        one.worker === worker.id &&
        (one.session === null || one.session === worker.session) &&
        (one.until === null || one.until > now),
    );
  };
  const what = offer ? 'could be offered' : 'could begin';
  for (const task of rows.tasks) {
    if (task.state.state === 'ready' && fits(task, task.id)) return `task ${task.id} ${what} on worker ${worker.id}`;
  }
  for (const array of rows.arrays) {
    if (array.rest.state === 'ready' && restOf(array) > 0 && fits(array, array.id))
      return `array ${array.id} ${what} on worker ${worker.id}`;
  }
  return null;
}
