import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { CommandAnswer, RunResult, Write } from '../../src/ports/store.ts';
import { Core } from '../../src/store/sqlite/core.ts';
import { openWriter } from '../../src/store/sqlite/database.ts';
import { migrate } from '../../src/store/sqlite/migrate.ts';
import { tempDir } from '../lib/temp-dir.ts';
import { procedures } from '../suites/store-procedures.ts';
import { command, script } from '../suites/store-rows.ts';

/** SQLite's own limit on pages answers exactly as a full disk does: SQLITE_FULL in the midst of a transaction. */
test('a full disk refuses every command of the batch, keeps what was there, and is over when there is room again', async () => {
  await using dir = await tempDir();
  const file = join(dir.path, 'store.db');
  const connection = openWriter(file, 'full');
  migrate(connection.db, file);
  const core = new Core(connection, procedures);
  const run = (...commands: Parameters<typeof script>[0][]): CommandAnswer[] => {
    const [outcome] = core.execute([{ call: 'run', commands: commands.map((of) => script(of)) }]);
    return [...(outcome as { result: RunResult }).result.answers];
  };
  const body = (id: number, size: number): Write => ({ put: 'body', row: { id, json: 'x'.repeat(size) } });
  const ids = () => run({ reads: [{ bodies: { read: 'bodies', of: [1, 2, 3, 4] } }] });

  expect(run({ writes: [body(1, 10)] })).toEqual([{ answer: [] }]);
  const { page_count: pages } = connection.db.prepare('PRAGMA page_count').get() as { page_count: number };
  connection.db.exec(`PRAGMA max_page_count = ${pages + 20}`);
  const refused = run({ writes: [body(2, 10)] }, { writes: [body(3, 1_000_000)] }, { writes: [body(4, 10)] });
  expect(refused).toHaveLength(3);
  for (const answer of refused) expect(answer).toEqual({ refusal: { code: 'storage', detail: expect.stringContaining('full') } });
  const record = {
    call: 'putRecord',
    collection: 'a',
    key: 'b',
    json: JSON.stringify('x'.repeat(500_000)),
    revision: null,
  } as const;
  expect(core.execute([record])).toEqual([{ failed: expect.stringContaining('full') }]);

  expect(ids()).toEqual([{ answer: [{ bodies: [{ id: 1, json: 'x'.repeat(10) }] }] }]);
  connection.db.exec(`PRAGMA max_page_count = ${pages + 2_000}`);
  expect(run({ writes: [body(3, 1_000_000)] })).toEqual([{ answer: [] }]);
  // Ids given out in a batch that was lost were seen by nobody: the next one is the next.
  const [outcome] = core.execute([{ call: 'run', commands: [command('add', { pool: 'p' })] }]);
  expect((outcome as { result: RunResult }).result.answers).toEqual([{ answer: 1 }]);
  connection.close();
});

test('a transaction ends with the call that brings it over 2,000 rows; the others are for the next', () => {
  const connection = openWriter(':memory:', 'full');
  migrate(connection.db, ':memory:');
  const core = new Core(connection, procedures);
  const pools = (n: number, name: string): Write[] =>
    Array.from({ length: n }, (_, at) => ({ put: 'pool', row: { name: `${name}${at}`, total: 1, used: 0 } }));
  const call = (n: number, name: string) => ({ call: 'run', commands: [script({ writes: pools(n, name) })] }) as const;
  expect(core.execute([call(1_500, 'a'), call(499, 'b'), call(1, 'c'), call(1, 'd')])).toHaveLength(3);
  expect(core.execute([call(2_000, 'e'), call(1, 'f')])).toHaveLength(1);
  expect(core.execute([call(1, 'g'), call(1, 'h')])).toHaveLength(2);
  connection.close();
});
