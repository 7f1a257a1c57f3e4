import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { buildDoors } from '../../src/app/build-doors.ts';
import { realClock, realRandom } from '../../src/app/real-clock.ts';
import { doublePaths } from '../../src/doors/kit/paths.ts';
import { kueueDefaults } from '../../src/doors/kueue/door.ts';
import { createHealth } from '../../src/observe/health.ts';
import { openYard } from '../engine/lib/yard.ts';
import { quietLog } from '../lib/quiet-log.ts';

const settings = { 'limits.submit-size': 1_000, 'blob-max': 1_000, 'allowed-origins': [] };
const kueue = {
  ...kueueDefaults,
  secret: 'a long enough secret',
  secretPlace: 'kueue.toml',
  hosts: ['127.0.0.1'],
  globalMaxParallelJobs: null,
  globalResources: {},
  cleanupAfterMinutes: null,
};

test('all doors that the server has can live on one port', async () => {
  await using yard = await openYard();
  const auth = { token: async () => null, throttled: () => false, failed: () => {} };
  const shared = { engine: yard.engine, auth, clock: realClock, random: realRandom, log: quietLog };
  const parts = { tokens: {}, health: createHealth(), kueue };
  const doors = buildDoors(settings as never, shared, parts as never);
  const doorsOnDisk = await readdir(new URL('../../src/doors', import.meta.url));
  expect(doors.map(({ name }) => name).filter((name) => !doorsOnDisk.includes(name))).toEqual([]);
  expect(new Set(doors.map(({ name }) => name)).size).toBe(doors.length);
  expect(doors.length).toBeGreaterThanOrEqual(2);
  expect(doublePaths(doors)).toEqual([]);
  // The check itself sees a collision.
  expect(doublePaths([...doors, ...doors]).length).toBeGreaterThan(20);
});
