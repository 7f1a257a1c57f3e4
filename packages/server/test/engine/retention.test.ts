import { expect, test } from 'vitest';
import { startRetention } from '../../src/engine/retention.ts';
import { admin, connect, ok, openYard, settle, submit } from './lib/yard.ts';

const hour = 3_600_000;

test('ended jobs go after their time with files that only they used; what still runs and its inputs stay', async () => {
  await using yard = await openYard();
  const write = async (text: string): Promise<string> =>
    ok(
      await yard.engine.files.write(
        admin,
        (async function* () {
          yield Buffer.from(text);
        })(),
      ),
    ).blob;
  const [old, used] = [await write('old'), await write('used')];
  const input = (blob: string) => ({ spec: { argv: ['x'], inputs: [{ path: 'in', blob }] } });
  const first = await submit(yard, input(old));
  const worker = await connect(yard, { slots: 1 });
  await settle();
  await worker.end(first.taskIds[0]!);
  const second = await submit(yard, input(used));
  await yard.clock.advance(2 * hour);
  const retention = startRetention({
    store: yard.store,
    engine: yard.engine,
    blobs: yard.blobs,
    clock: yard.clock,
    rules: { changesMs: hour, changesCount: 1_000, auditMs: hour, idempotencyMs: hour, jobsMs: hour, filesMs: 0 },
    failed: (cause) => yard.errors.push(String(cause)),
  });
  await retention.tidy();
  await settle();
  await retention.tidy();
  expect((await yard.engine.query.job(admin, first.job.id)).refusal?.code).toBe('not_found');
  expect(await yard.blobs.size(old)).toBeNull();
  expect(await yard.blobs.size(used)).toBe(4);
  expect(ok(await yard.engine.query.job(admin, second.job.id)).state).toBe('active');
  expect((await yard.store.query.tallies())[0]).toMatchObject({ finishedRuns: 0, counts: { succeeded: 0, running: 1 } });
  await retention.close();
  expect(yard.errors).toEqual([]);
});
