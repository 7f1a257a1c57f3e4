import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Attempt } from '../../src/domain/attempt.ts';
import { type Job, jobStates } from '../../src/domain/job.ts';
import type { Amounts } from '../../src/domain/needs.ts';
import { type Task, type TaskArray, type TaskState, taskStates } from '../../src/domain/task.ts';
import type { Worker } from '../../src/domain/worker.ts';
import { arrayColumns, decodeArray, encodeArray } from '../../src/store/sqlite/codec/array.ts';
import { attemptColumns, decodeAttempt, encodeAttempt } from '../../src/store/sqlite/codec/attempt.ts';
import { countsOf, countsText } from '../../src/store/sqlite/codec/counts.ts';
import { decodeJob, encodeJob, jobColumns } from '../../src/store/sqlite/codec/job.ts';
import { decodeTask, encodeTask, taskColumns } from '../../src/store/sqlite/codec/task.ts';
import { decodeWorker, encodeWorker, workerColumns } from '../../src/store/sqlite/codec/worker.ts';
import { type Cell, type Cells, type Connection, marks, openWriter } from '../../src/store/sqlite/database.ts';
import { migrate } from '../../src/store/sqlite/migrate.ts';

/** Through a real table and back: so that columns, their order and their types are proved, not only the two functions. */
function through<R>(table: string, columns: readonly string[], encode: (row: R) => Cell[], decode: (cells: Cells) => R) {
  const connection: Connection = openWriter(':memory:', 'full');
  migrate(connection.db, ':memory:');
  const insert = connection.prepare(`INSERT INTO ${table} (${columns}) VALUES (${marks(columns.length)})`);
  const select = connection.prepare(`SELECT ${columns} FROM ${table}`);
  const remove = connection.prepare(`DELETE FROM ${table}`);
  return (row: R): R => {
    remove.run();
    insert.run(...encode(row));
    return decode(select.get()!);
  };
}

const id = fc.integer({ min: 1, max: 2 ** 40 });
const count = fc.nat();
const moment = fc.integer({ min: 0, max: 4_000_000_000_000 });
const text = fc.string({ unit: 'grapheme' });
const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: null });
const priority = fc.integer({ min: -1_000_000, max: 1_000_000 });
const holder = { worker: id, session: id };
const reason = fc.constantFrom('user', 'exit', 'timeout', 'worker-lost');
const tag = <S extends string>(state: S) => fc.constant(state);

const waiting = fc.record({ state: tag('waiting'), held: fc.boolean(), notBefore: maybe(moment) });
const canceled = fc.record({ state: tag('canceled'), reason, at: moment });
const state = fc.oneof(
  waiting,
  fc.record({ state: tag('ready') }),
  fc.record({ state: tag('offered'), ...holder, deadline: maybe(moment) }),
  fc.record({ state: tag('running'), ...holder }),
  fc.record({ state: tag('suspended'), ...holder }),
  fc.record({
    state: tag('stopping'),
    ...holder,
    goal: fc.constantFrom('canceled', 'requeue', 'failed'),
    reason,
    since: moment,
  }),
  fc.record({ state: tag('succeeded') }),
  fc.record({ state: tag('failed'), reason }),
  canceled,
) as fc.Arbitrary<TaskState>;

const policy = fc.record(
  {
    retries: count,
    maxLosses: count,
    on: fc.constantFrom('any', 'distinct'),
    backoffMs: count,
    onLoss: fc.constantFrom('requeue', 'fail'),
    blockAfter: count,
    blockMs: count,
    noCandidateMs: count,
  },
  { requiredKeys: ['retries', 'maxLosses', 'on', 'backoffMs', 'onLoss'] },
);
const counts = fc.record(Object.fromEntries(taskStates.map((name) => [name, count]))) as unknown as fc.Arbitrary<Job['counts']>;
const amounts: fc.Arbitrary<Amounts> = fc.record({
  slots: count,
  cpus: count,
  ramMb: count,
  named: fc.dictionary(fc.constantFrom('gpu', 'fpga'), count, { noNullPrototype: true }),
});
const common = {
  id,
  job: id,
  key: maybe(text),
  kind: text,
  class: id,
  jobPriority: priority,
  priority,
  body: id,
  parentsLeft: count,
  policy,
  timeoutMs: count,
  silenceMs: count,
  createdAt: moment,
};

test('a task comes back as it went in, in every state', () => {
  const pass = through<Task>('task', taskColumns, encodeTask, decodeTask);
  const row = fc.record({
    ...common,
    array: maybe(id),
    index: maybe(count),
    state,
    attempt: count,
    failures: count,
    losses: count,
    startedAt: maybe(moment),
    endedAt: maybe(moment),
  }) as fc.Arbitrary<Task>;
  fc.assert(fc.property(row, (task) => void expect(pass(task)).toEqual(task)));
});

test('an array comes back as it went in, in every state of its rest', () => {
  const pass = through<TaskArray>('array', arrayColumns, encodeArray, decodeArray);
  const row = fc.record({
    ...common,
    size: count,
    next: count,
    holes: count,
    rest: fc.oneof(waiting, canceled, fc.record({ state: tag('ready') })),
    first: fc.integer(),
    step: fc.integer(),
    items: fc.boolean(),
    succeeded: count,
    lost: count,
  }) as fc.Arbitrary<TaskArray>;
  fc.assert(fc.property(row, (array) => void expect(pass(array)).toEqual(array)));
});

test('a job comes back as it went in', () => {
  const pass = through<Job>('job', jobColumns, encodeJob, decodeJob);
  const row = fc.record({
    id,
    name: text,
    kind: text,
    priority,
    owner: text,
    labels: fc.dictionary(text, text, { noNullPrototype: true }),
    spec: id,
    intent: fc.constantFrom('none', 'building', 'hold', 'cancel', 'delete'),
    state: fc.constantFrom(...jobStates),
    counts,
    startedAt: maybe(moment),
    createdAt: moment,
    endedAt: maybe(moment),
    firstTask: id,
    deadline: maybe(count),
  }) as fc.Arbitrary<Job>;
  fc.assert(fc.property(row, (job) => void expect(pass(job)).toEqual(job)));
  fc.assert(fc.property(counts, (of) => void expect(countsOf(countsText(of))).toEqual(of)));
});

test('an attempt comes back as it went in', () => {
  const pass = through<Attempt>('attempt', attemptColumns, encodeAttempt, decodeAttempt);
  const row = fc.record({
    task: id,
    number: count,
    worker: id,
    workerName: text,
    session: id,
    pools: fc.dictionary(text, count, { noNullPrototype: true }),
    startedAt: moment,
    endedAt: maybe(moment),
    outcome: maybe(fc.constantFrom('succeeded', 'failed', 'canceled', 'lost', 'given-back', 'stopped')),
    exitCode: maybe(fc.integer({ min: -(2 ** 31), max: 2 ** 32 })),
    signal: maybe(text),
    reason: maybe(reason),
    error: maybe(text),
    result: maybe(fc.json()),
    artifacts: fc.array(fc.record({ path: text, blob: text, size: count })),
  }) as fc.Arbitrary<Attempt>;
  fc.assert(fc.property(row, (attempt) => void expect(pass(attempt)).toEqual(attempt)));
});

test('a worker comes back as it went in', () => {
  const pass = through<Worker>('worker', workerColumns, encodeWorker, decodeWorker);
  const mode = fc.constantFrom('awake', 'asleep', 'testing', 'error', 'draining');
  const row = fc.record({
    id,
    name: text,
    key: maybe(text),
    owner: text,
    profile: fc.record({
      graceMs: count,
      connection: fc.boolean(),
      leaseMs: count,
      ephemeral: fc.boolean(),
      room: fc.constantFrom('counted', 'reported'),
      suspends: fc.boolean(),
    }),
    kinds: fc.array(text),
    tags: fc.array(text),
    total: amounts,
    used: amounts,
    reported: maybe(amounts),
    status: fc.constantFrom('pending', 'starting', 'online', 'lost', 'offline'),
    mode,
    wanted: maybe(fc.record({ mode: fc.oneof(mode, tag('shutdown')), lazy: fc.boolean() })),
    gate: fc.constantFrom('none', 'open', 'closed'),
    session: id,
    holding: count,
    picky: fc.boolean(),
    info: fc.dictionary(text, fc.oneof(text, count, fc.boolean()), { noNullPrototype: true }),
    createdAt: moment,
    seenAt: moment,
  }) as fc.Arbitrary<Worker>;
  fc.assert(fc.property(row, (worker) => void expect(pass(worker)).toEqual(worker)));
});
