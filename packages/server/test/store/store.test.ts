import { join } from 'node:path';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { tempDir } from '../lib/temp-dir.ts';
import { recordsSuite } from '../suites/records.suite.ts';
import { type StorePlace, storeSuite } from '../suites/store.suite.ts';
import { procedures } from '../suites/store-procedures.ts';

const url = new URL('../suites/store-procedures.ts', import.meta.url).href;

const onFatal = (error: Error): void => {
  throw error;
};

async function inMemory(): Promise<StorePlace> {
  return { open: () => openSqliteStore({ file: ':memory:', mode: 'inline', procedures }), remove: async () => {} };
}

async function inline(): Promise<StorePlace> {
  const dir = await tempDir();
  const file = join(dir.path, 'store.db');
  return { open: () => openSqliteStore({ file, mode: 'inline', procedures }), remove: dir.remove };
}

async function threaded(): Promise<StorePlace> {
  const dir = await tempDir();
  const file = join(dir.path, 'store.db');
  const options = { file, mode: 'threaded', procedures: { url, export: 'procedures' }, onFatal } as const;
  return { open: () => openSqliteStore(options), remove: dir.remove };
}

for (const [name, make] of [
  ['sqlite in memory', inMemory],
  ['sqlite inline', inline],
  ['sqlite threaded', threaded],
] as const) {
  storeSuite(name, make);
  recordsSuite(name, async () => {
    const place = await make();
    const store = await place.open();
    return {
      records: store.records,
      async remove() {
        await store.close();
        await place.remove();
      },
    };
  });
}
