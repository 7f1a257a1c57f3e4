import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunResult, Store } from '../../src/ports/store.ts';
import { Core } from '../../src/store/sqlite/core.ts';
import { type Connection, openWriter } from '../../src/store/sqlite/database.ts';
import { migrate } from '../../src/store/sqlite/migrate.ts';
import { sqliteQueries } from '../../src/store/sqlite/queries/queries.ts';
import { type Place, ReadyWindows } from '../../src/store/sqlite/ready-window.ts';
import { createSeededRandom } from '../lib/seeded-random.ts';
import { storeHeadsSuite } from '../suites/store-heads.suite.ts';
import { procedures } from '../suites/store-procedures.ts';

/** The suite's yards are smaller than the usual window: small ones here are cut, run empty and are read again. */
describe.each([1, 2, 5])('with windows of %i', (window) => {
  let connection: Connection;
  let store: Store;
  beforeEach(() => {
    connection = openWriter(':memory:', 'full');
    migrate(connection.db, ':memory:');
    const core = new Core(connection, procedures, window);
    const run: Store['run'] = async (commands) => {
      const [outcome] = core.execute([{ call: 'run', commands }]);
      return (outcome as { result: RunResult }).result;
    };
    store = { run, query: sqliteQueries(connection, { since: null }) } as unknown as Store;
  });
  afterEach(() => connection.close());
  storeHeadsSuite(() => store);
});

test('a window holds exactly the first places of its class, whatever enters and leaves', () => {
  const random = createSeededRandom('window');
  const windows = new ReadyWindows(4);
  const all = new Map<number, Place>();
  const sorted = (): Place[] =>
    [...all.values()].sort((a, b) => a.map((x, at) => x - b[at]!).find((difference) => difference !== 0) ?? 0);
  for (let step = 0; step < 5_000; step += 1) {
    const id = random.below(40);
    if (random.below(3) === 0) {
      all.delete(id);
      windows.leave(id);
    } else {
      const place: Place = [random.below(2), random.below(3), random.below(4), id];
      all.set(id, place);
      windows.enter(1, place);
    }
    const depth = 1 + random.below(3);
    const known = windows.first(1, depth);
    if (known === null) {
      const places = sorted().slice(0, 4);
      windows.load(1, places, all.size < 4);
    } else {
      expect(known.places).toEqual(sorted().slice(0, known.places.length));
      expect(known.complete ? known.places.length : known.places.length >= depth).toBe(known.complete ? all.size : true);
      expect(known.places.length).toBeLessThanOrEqual(8);
    }
  }
});
