import type { NewChange } from '../../src/domain/change.ts';
import type { Refusal } from '../../src/domain/errors.ts';
import type { Procedures, ReadRequest, ReadSet, Wake, Write } from '../../src/ports/store.ts';

/** What `do` is told: everything that a procedure can do, as data. */
export interface Script {
  /** One `yield` each. */
  readonly reads?: readonly ReadSet[];
  readonly writes?: readonly Write[];
  readonly changes?: readonly NewChange[];
  readonly wake?: Partial<Wake>;
  readonly refuse?: Refusal;
  readonly throw?: string;
}

/** Answers what each `yield` gave. */
function* script(input: Script): ReturnType<Procedures[string]> {
  const answer: unknown[] = [];
  for (const set of input.reads ?? []) answer.push(yield set);
  if (input.throw !== undefined) throw new Error(input.throw);
  if (input.refuse !== undefined) return { refusal: input.refuse };
  const { writes = [], changes = [], wake = {} } = input;
  return { answer, writes, changes, wake };
}

/** Reads a pool and adds one, with a change if told so: shows whether a later command sees an earlier one. */
function* add(input: { pool: string; tell?: boolean }): ReturnType<Procedures[string]> {
  const got = yield { pools: { read: 'pools', of: [input.pool] } satisfies ReadRequest };
  const [pool = { name: input.pool, total: 0, used: 0 }] = (
    got as { pools: readonly { name: string; total: number; used: number }[] }
  ).pools;
  const row = { ...pool, used: pool.used + 1 };
  const change = { kind: 'pool.changed', job: null, task: null, worker: null, owner: null, data: { used: row.used } } as const;
  return { answer: row.used, writes: [{ put: 'pool', row }], changes: input.tell === true ? [change] : [] };
}

/** An answer that no message can carry. */
function* unsendable(): ReturnType<Procedures[string]> {
  yield {};
  return { answer: () => 1, writes: [], changes: [] };
}

/** Ends the thread that runs it, as a crash of the runtime would. */
function* die(): ReturnType<Procedures[string]> {
  yield {};
  return process.exit(9);
}

export const procedures = { script, add, unsendable, die } as unknown as Procedures;
