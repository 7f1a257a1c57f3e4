import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { createFakeClock } from '../lib/fake-clock.ts';
import { createSeededRandom } from '../lib/seeded-random.ts';

/** The real store, in memory: what `auth` keeps goes through its records. */
export async function authDesk(seed = 'auth') {
  const store = await openSqliteStore({ file: ':memory:', mode: 'inline', procedures: {} });
  const errors: unknown[] = [];
  return {
    store,
    records: store.records,
    clock: createFakeClock(),
    random: createSeededRandom(seed),
    errors,
    onError: (error: unknown) => void errors.push(error),
    [Symbol.asyncDispose]: () => store.close(),
  };
}
