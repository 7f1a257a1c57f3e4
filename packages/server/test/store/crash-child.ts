import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { command } from '../suites/store-rows.ts';

/** Keeps 32 calls in flight for ever and says each answer to its parent, which kills it. */
const [file = ''] = process.argv.slice(2);
const url = new URL('../suites/store-procedures.ts', import.meta.url).href;
const store = await openSqliteStore({
  file,
  mode: 'threaded',
  procedures: { url, export: 'procedures' },
  onFatal: () => process.exit(1),
});

async function call(): Promise<void> {
  for (;;) {
    const { answers } = await store.run([command('add', { pool: 'a', tell: true }), command('add', { pool: 'a', tell: true })]);
    const [, last] = answers;
    if (last !== undefined && 'answer' in last) process.send?.(last.answer);
  }
}
await Promise.all(Array.from({ length: 32 }, call));
