import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningServer, type ServerSettings, startServer } from '../../src/app/start-server.ts';
import { type OptionName, optionNames, options } from '../../src/config/options.ts';
import { resolveSettings } from '../../src/config/settings.ts';
import { type Role, roles } from '../../src/domain/principal.ts';
import { stranger, trusted } from '../../src/doors/kueue/principals.ts';
import { clientTable, workerTable } from '../../src/doors/kueue/table.ts';
import { quietLog } from '../lib/quiet-log.ts';
import { type TempDir, tempDir } from '../lib/temp-dir.ts';
import { until } from '../lib/until.ts';

/** Every door switched on, every port a free one. */
function flags(): Record<string, unknown> {
  const names = Object.keys(options) as OptionName[];
  const doors = names.filter((name) => name.endsWith('.enabled')).map((name) => [name, true]);
  const ports = names.filter((name) => name === 'port' || name.endsWith('.port')).map((name) => [name, 0]);
  return Object.fromEntries([...doors, ...ports, ['local-worker', false], ['host', ['127.0.0.1']]]);
}

let dir: TempDir;
let server: RunningServer;
const tokens = new Map<Role, string>();

async function ask(method: string, path: string, token: string | null, json?: unknown): Promise<number> {
  const abort = new AbortController();
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  const body = json === undefined ? {} : { body: JSON.stringify(json) };
  const response = await fetch(server.url + path, { method, headers, signal: abort.signal, redirect: 'manual', ...body });
  abort.abort();
  return response.status;
}

beforeAll(async () => {
  dir = await tempDir();
  const resolved = resolveSettings({ flags: {}, env: {}, file: null });
  const settings = { ...resolved.settings, ...flags(), data: dir.path } as ServerSettings;
  server = await startServer(settings, { log: quietLog, env: {} });
  const admin = (await readFile(server.adminToken.path, 'utf8')).trim();
  for (const role of Object.keys(roles) as Role[]) {
    const made = await fetch(`${server.url}/v1/tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${admin}` },
      body: JSON.stringify({ name: role, role }),
    });
    tokens.set(role, ((await made.json()) as { token: string }).token);
  }
});
afterAll(async () => {
  await server.stop();
  await dir.remove();
});

/** Something that is nowhere: what is asked for must not matter, only who asks. */
const nowhere = (path: string): string =>
  path
    .replace(/:sha\b/, '0'.repeat(64))
    .replace(/:(id|job|task)\b/g, '999999')
    .replace(/:\w+/g, 'nobody')
    .replace('*', 'x');

/** `| right | admin | … |` and `| address | right |` of the page. */
async function documented() {
  const text = await readFile(new URL('../../../../docs/reference/roles.md', import.meta.url), 'utf8');
  const lines = text.split('\n').filter((line) => line.startsWith('| '));
  const cells = lines.map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));
  const head = cells.find(([, first]) => first === 'right') ?? [];
  const names = head.slice(2, -1);
  const holders = new Map<string, string[]>();
  const addresses = new Map<string, string>();
  for (const [, first = '', ...rest] of cells) {
    if (/^[a-z]+(:[a-z]+)?$/.test(first) && rest.length === names.length + 1) {
      holders.set(
        first,
        names.filter((_, i) => rest[i] === 'yes'),
      );
    } else if (/^[A-Z]+ \//.test(first)) addresses.set(first, rest[0] ?? '');
  }
  return { holders, addresses };
}

describe('every row of every door', () => {
  test('our own API: each role is let in exactly where docs/reference/roles.md says so', async () => {
    const { holders, addresses } = await documented();
    const rows = server.doors.find(({ name }) => name === 'api')?.rows ?? [];
    expect(rows.length).toBeGreaterThan(60);
    for (const row of rows) {
      const address = `${row.method} ${row.path}`;
      expect([address, addresses.get(address)]).toEqual([address, row.right ?? '']);
      if (row.right === null) continue;
      const allowed: string[] = [];
      for (const [role, token] of tokens) if ((await ask(row.method, nowhere(row.path), token)) !== 403) allowed.push(role);
      expect([address, allowed]).toEqual([address, holders.get(row.right)]);
      expect([address, await ask(row.method, nowhere(row.path), null)]).toEqual([address, 401]);
    }
  });

  test('all other doors: who lacks the right of a row gets nothing there', async () => {
    let asked = 0;
    for (const { name, rows } of server.doors) {
      if (name === 'api') continue;
      for (const { method, path, right } of rows) {
        for (const [role, token] of right === null ? [] : tokens) {
          if (right === null || roles[role].rights.includes(right)) continue;
          const status = await ask(method, nowhere(path), token);
          asked++;
          // 404 would mean that it was looked for.
          expect([name, method, path, role, status >= 400 && status !== 404]).toEqual([name, method, path, role, true]);
        }
      }
    }
    expect(asked).toBeGreaterThan(20);
  });

  test('Kueue: a stranger has the rights of the open messages and of no other, the trusted has all', () => {
    const rows = Object.values({ ...clientTable, ...workerTable }).filter((row) => 'right' in row);
    for (const row of rows) {
      expect(trusted.rights).toContain(row.right);
      const open = 'privileged' in row && !row.privileged;
      expect(stranger.rights.includes(row.right)).toBe(open);
    }
  });

  test('what a door may leave open is a name of the option `open`, and every name is a door’s', () => {
    const declared = server.doors.flatMap(({ opens }) => opens.map(({ name }) => name));
    const { of = [] } = options.open.type;
    expect([...declared].sort()).toEqual([...of].sort());
    expect(optionNames).toContain('open');
    expect(server.openness.map(({ name, to }) => `${name} ${to}`).sort()).toEqual(
      of.map((name) => `${name} this machine`).sort(),
    );
  });

  test('who was refused to change something is in the trail, once in ten seconds', async () => {
    for (let i = 0; i < 5; i++) expect(await ask('DELETE', '/v1/tokens/1', tokens.get('viewer') ?? '')).toBe(403);
    const trail = async (): Promise<{ refusal: string }[]> => {
      const address = `${server.url}/v1/audit?command=request&by=viewer&subject=DELETE%20/v1/tokens/:id`;
      const response = await fetch(address, { headers: { authorization: `Bearer ${tokens.get('admin')}` } });
      return ((await response.json()) as { entries: { refusal: string }[] }).entries;
    };
    // It is written down beside the answer, not before it.
    await until(async () => (await trail()).length > 0);
    const entries = await trail();
    expect(entries.map(({ refusal }) => refusal)).toEqual(['forbidden']);
  });
});
