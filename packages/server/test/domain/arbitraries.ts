import fc from 'fast-check';
import type { Counts } from '../../src/domain/counts.ts';
import type { Amounts, ClassSpec } from '../../src/domain/needs.ts';
import type { Pool } from '../../src/domain/rows.ts';
import { taskStates } from '../../src/domain/task.ts';
import type { Worker } from '../../src/domain/worker.ts';

/** Few names, so that they meet; some that a plain object has already. */
export const resourceName = fc.constantFrom('gpu', 'licence', 'kind:shell', 'constructor', '__proto__', 'a.b');
export const amountMap = fc.dictionary(resourceName, fc.nat(4), { maxKeys: 4 });
export const amounts: fc.Arbitrary<Amounts> = fc.record({
  slots: fc.nat(4),
  cpus: fc.nat(4),
  ramMb: fc.nat(4),
  named: amountMap,
});

const tags = fc.subarray(['a', 'b', 'c']);
const kinds = ['shell', 'print', 'oxdna'];

export const classSpec: fc.Arbitrary<ClassSpec> = fc.record({
  kind: fc.constantFrom(...kinds),
  tags,
  amounts,
  pools: amountMap,
  pin: fc.option(fc.integer({ min: 1, max: 3 })),
  blockJob: fc.option(fc.integer({ min: 1, max: 3 })),
  fair: fc.option(fc.constantFrom('user:ada', 'user:bob')),
});

export const worker: fc.Arbitrary<Worker> = fc.record({
  id: fc.integer({ min: 1, max: 5 }),
  name: fc.constant('w'),
  key: fc.constant(null),
  owner: fc.constant('system'),
  profile: fc.record({
    graceMs: fc.constant(0),
    connection: fc.boolean(),
    leaseMs: fc.constant(0),
    ephemeral: fc.boolean(),
    room: fc.constantFrom('counted' as const, 'reported' as const),
    suspends: fc.boolean(),
  }),
  kinds: fc.subarray(kinds),
  tags,
  total: amounts,
  used: amounts,
  reported: fc.option(amounts),
  status: fc.constantFrom('pending' as const, 'starting' as const, 'online' as const, 'lost' as const, 'offline' as const),
  mode: fc.constantFrom('awake' as const, 'asleep' as const, 'testing' as const, 'error' as const, 'draining' as const),
  wanted: fc.option(
    fc.record({ mode: fc.constantFrom('awake' as const, 'asleep' as const, 'shutdown' as const), lazy: fc.boolean() }),
  ),
  gate: fc.constantFrom('none' as const, 'open' as const, 'closed' as const),
  session: fc.nat(3),
  holding: fc.nat(3),
  picky: fc.boolean(),
  info: fc.constant({}),
  createdAt: fc.constant(0),
  seenAt: fc.constant(0),
});

export const pools: fc.Arbitrary<ReadonlyMap<string, Pool>> = fc
  .uniqueArray(fc.record({ name: resourceName, total: fc.nat(6), used: fc.nat(6) }), { selector: ({ name }) => name })
  .map((list) => new Map(list.map((pool) => [pool.name, pool])));

export const counts: fc.Arbitrary<Counts> = fc
  .tuple(...taskStates.map(() => fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(3) })))
  .map((list) => Object.fromEntries(taskStates.map((state, at) => [state, list[at] ?? 0])) as Record<keyof Counts, number>);
