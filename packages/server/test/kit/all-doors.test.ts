import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { type ServerSettings, startServer } from '../../src/app/start-server.ts';
import { type OptionName, options } from '../../src/config/options.ts';
import { resolveSettings } from '../../src/config/settings.ts';
import { doublePaths } from '../../src/doors/kit/paths.ts';
import { quietLog } from '../lib/quiet-log.ts';
import { tempDir } from '../lib/temp-dir.ts';

/** Every door switched on, every port a free one. */
function flags(): Record<string, unknown> {
  const names = Object.keys(options) as OptionName[];
  const doors = names.filter((name) => name.endsWith('.enabled')).map((name) => [name, true]);
  const ports = names.filter((name) => name === 'port' || name.endsWith('.port')).map((name) => [name, 0]);
  return Object.fromEntries([...doors, ...ports, ['local-worker', false], ['host', ['127.0.0.1']]]);
}

test('all doors that the server has can live on one port', async () => {
  await using dir = await tempDir();
  const resolved = resolveSettings({ flags: {}, env: {}, file: null });
  const settings = { ...resolved.settings, ...flags(), data: dir.path } as ServerSettings;
  const server = await startServer(settings, { log: quietLog, env: {} });
  try {
    const { doors } = server;
    const folders = await readdir(new URL('../../src/doors', import.meta.url), { withFileTypes: true });
    const built = folders.filter((entry) => entry.isDirectory() && entry.name !== 'kit').map(({ name }) => name);
    for (const { name } of doors) expect(built).toContain(name);
    expect(doors.length).toBeGreaterThanOrEqual(2);
    expect(new Set(doors.map(({ name }) => name)).size).toBe(doors.length);
    expect(doublePaths(doors)).toEqual([]);
    // A free port was asked for: no note says "port 0" to somebody who is to connect there.
    expect(doors.flatMap((door) => door.status().notes).filter((note) => /port 0\b/.test(note))).toEqual([]);
    // The check itself sees a collision.
    expect(doublePaths([...doors, ...doors]).length).toBeGreaterThan(20);
  } finally {
    await server.stop();
  }
});
