import { copyFile, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../lib/until.ts';
import { certificateAt, httpsGet, path } from '../tls/lib.ts';
import { type Finished, Yard } from './lib/yard.ts';

const portOf = (yard: Yard): number => Number(new URL(yard.ready.url).port);

async function secureYard(flags: readonly string[] = []): Promise<{ yard: Yard; cert: string; key: string }> {
  const yard = await Yard.forTest();
  const [cert, key] = [join(yard.dir.path, 'cert.pem'), join(yard.dir.path, 'key.pem')];
  await copyFile(path('one.pem'), cert);
  await copyFile(path('one.key'), key);
  await yard.start(['--tls-cert', cert, '--tls-key', key, '--log-level', 'info', ...flags]);
  return { yard, cert, key };
}

const well = ({ code, out, err }: Finished): string => {
  if (code !== 0) throw new Error(`exit ${code}: ${err}`);
  return out;
};

test('a job over https: command line and worker trust a private authority by --ca, and nobody without it', async () => {
  const { yard } = await secureYard(['--no-local-worker', '--tls-only']);
  const server = ['--server', `https://localhost:${portOf(yard)}`];
  const trust = ['--ca', path('ca.pem')];
  const strange = await yard.cli(['whoami', ...server]);
  expect(strange.code).toBe(3);
  expect(strange.err).toContain('--ca FILE');
  const token = join(yard.dir.path, 'worker.token');
  well(await yard.cli(['token', 'create', 'node', '--role', 'worker', '--to', token, ...server, ...trust]));
  const work = join(yard.dir.path, 'work');
  const worker = yard.begin(['worker', ...server, ...trust, '--token-file', token, '--slots', '1', '--work', work]);
  try {
    const run = await yard.cli(['run', ...server, ...trust, '--', 'sh', '-c', 'echo over TLS; exit 7']);
    expect([run.out, run.code]).toEqual(['over TLS\n', 7]);
  } finally {
    worker.kill('SIGTERM');
    await yard.finish(worker);
  }
});

test('a renewed certificate is in use without a restart; a broken one leaves the old one, and the log says so', async () => {
  const { yard, cert, key } = await secureYard(['--no-local-worker']);
  const port = portOf(yard);
  expect(await certificateAt(port)).toBe('one of the tests');
  await writeFile(cert, 'garbage');
  await until(() => yard.errors().includes('tls:kept-the-old-certificate'));
  expect(await certificateAt(port)).toBe('one of the tests');
  // As certificate tools do: made beside it, then put in its place, one after the other.
  for (const [from, to] of [
    ['two.pem', cert],
    ['two.key', key],
  ] as const) {
    await copyFile(path(from), `${to}.new`);
    await rename(`${to}.new`, to);
  }
  await until(async () => (await certificateAt(port)) === 'two of the tests');
  process.kill(yard.ready.pid, 'SIGHUP');
  expect((await httpsGet(port, '/healthz')).status).toBe(200);
  expect(await yard.stop()).toBe(0);
});

test('accounts at the command line: add, sign in, act as oneself, sign out; nothing secret is left readable', async () => {
  const yard = await Yard.forTest();
  await yard.start();
  well(await yard.cli(['user', 'add', 'ada', '--password-stdin'], { input: 'lovelace\n' }));
  const wrong = await yard.cli(['login', 'ada', '--password-stdin'], { input: 'babbage\n' });
  expect([wrong.code, wrong.err]).toEqual([4, expect.stringContaining('The username or the password is wrong')]);
  well(await yard.cli(['login', 'ADA', '--password-stdin'], { input: 'lovelace\n' }));
  const dir = join(yard.dir.path, '.config', 'switchyard', 'logins');
  const [file = ''] = await readdir(dir);
  expect((await stat(join(dir, file))).mode & 0o777).toBe(0o600);
  const me = JSON.parse(well(await yard.cli(['whoami', '--json']))) as { name: string; tokenFrom: string };
  expect(me).toMatchObject({ name: 'ada', tokenFrom: join(dir, file) });
  const job = well(await yard.cli(['submit', '--', 'true'])).trim();
  expect(well(await yard.cli(['jobs']))).toContain(job);
  expect((await yard.cli(['user'])).code).toBe(4);
  const token = (await readFile(join(dir, file), 'utf8')).trim();
  well(await yard.cli(['logout']));
  expect(await readdir(dir)).toEqual([]);
  expect((await yard.cli(['whoami'], { env: { SWITCHYARD_TOKEN: token } })).code).toBe(4);
  // An account outlives the server; so does what was done, and no line of it has a secret.
  await yard.kill();
  await yard.start();
  well(await yard.cli(['login', 'ada', '--password-stdin'], { input: 'lovelace\n' }));
  well(await yard.cli(['logout']));
  const trail = well(await yard.cli(['audit', '--export']));
  const lines = trail
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { command: string; name: string; refusal: string | null });
  expect(lines.map(({ command, refusal }) => `${command} ${refusal ?? ''}`.trim())).toEqual([
    'addUser',
    'login unauthenticated',
    'login',
    'submit',
    'logout',
    'login',
    'logout',
  ]);
  for (const secret of ['lovelace', 'babbage', token]) expect(trail + yard.errors()).not.toContain(secret);
});

describe('one server', () => {
  let yard: Yard;
  beforeAll(async () => {
    yard = await Yard.open();
    await yard.start(['--no-local-worker']);
  });
  afterAll(() => yard[Symbol.asyncDispose]());

  test('an invitation, used at the command line, makes the account that it was made for', async () => {
    const code = well(await yard.cli(['user', 'invite', '--role', 'viewer', '--note', 'bob'])).trim();
    well(await yard.cli(['login', 'bob', '--invitation', code, '--password-stdin'], { input: 'builder!\n' }));
    expect(JSON.parse(well(await yard.cli(['whoami', '--json'])))).toMatchObject({ name: 'bob', scope: 'all' });
    well(await yard.cli(['logout']));
    const again = await yard.cli(['login', 'eve', '--invitation', code, '--password-stdin'], { input: 'builder!\n' });
    expect([again.code, again.err]).toEqual([4, expect.stringContaining('unknown, used or expired')]);
  });

  test('a one-time link lets in once', async () => {
    const { url } = JSON.parse(well(await yard.cli(['dashboard', '--json']))) as { url: string };
    const code = new URL(url).hash.replace('#code=', '');
    const enter = () => fetch(`${yard.ready.url}/v1/session`, { method: 'POST', body: JSON.stringify({ code, cookie: true }) });
    const entered = await enter();
    expect(entered.status).toBe(201);
    const cookie = entered.headers.get('set-cookie')?.split(';')[0] ?? '';
    const who = await fetch(`${yard.ready.url}/v1/whoami`, { headers: { cookie } });
    expect(await who.json()).toMatchObject({ id: 'token:1' });
    expect((await enter()).status).toBe(401);
  });

  test('config: what the next start uses and where from, without secrets; mistakes are found before it', async () => {
    await writeFile(join(yard.data, 'switchyard.toml'), 'port = 8123\n[kueue]\nsecret = "very secret indeed"\n');
    const shown = well(await yard.cli(['config', 'show', '--json'], { env: { SWITCHYARD_LOG_LEVEL: 'warn' } }));
    expect(JSON.parse(shown)).toEqual({
      settings: [
        { name: 'port', value: '8123', origin: 'file' },
        { name: 'log-level', value: 'warn', origin: 'variable' },
        { name: 'data', value: yard.data, origin: 'variable' },
        { name: 'kueue.secret', value: '(set, not shown)', origin: 'file' },
      ],
    });
    expect(well(await yard.cli(['config', 'path']))).toBe(`${join(yard.data, 'switchyard.toml')}\n`);
    expect(well(await yard.cli(['config', 'check']))).toContain('are fine');
    expect(well(await yard.cli(['config', 'running']))).toMatch(/local-worker +flag +off/);
    await writeFile(join(yard.data, 'switchyard.toml'), 'prot = 1\n');
    const wrong = await yard.cli(['config', 'check']);
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('did you mean port?')]);
  });
});
