import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningServer, type ServerSettings, startServer } from '../../src/app/start-server.ts';
import { resolveSettings } from '../../src/config/settings.ts';
import type { HttpRow } from '../../src/doors/kit/http-row.ts';
import { hello, type SocketWorker, socketWorker } from '../api/lib/socket-worker.ts';
import { quietLog } from '../lib/quiet-log.ts';
import { type TempDir, tempDir } from '../lib/temp-dir.ts';
import { ScriptedAgent, User } from '../printerlynx/lib/peers.ts';

/** Stands in everything that ada has: whoever reads it has seen something of hers. */
const mark = 'ada-secret';
const printer = 'aaaaaaaa-0000-4000-8000-00000000000a';

let dir: TempDir;
let server: RunningServer;
let worker: SocketWorker;
let agent: ScriptedAgent;
const tokens = new Map<string, string>();
/** What ada has: first word of the address below /v1 -> what stands there for the id. */
const things = new Map<string, string>();

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

async function ask(who: string, method: string, path: string, body?: unknown): Promise<Reply> {
  const authorization = `Bearer ${tokens.get(who)}`;
  const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
  const response = await fetch(server.url + path, { method, headers: { authorization }, redirect: 'manual', ...sent });
  const text = await response.text();
  return { status: response.status, text, json: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {} };
}

async function made(who: string, path: string, body: unknown): Promise<Record<string, unknown>> {
  const { status, text, json } = await ask(who, 'POST', path, body);
  if (status !== 201) throw new Error(`POST ${path} answers ${status} ${text}`);
  return json;
}

beforeAll(async () => {
  dir = await tempDir();
  const { settings: usual } = resolveSettings({ flags: {}, env: {}, file: null });
  const ours = { data: dir.path, port: 0, host: ['127.0.0.1'], 'local-worker': false, 'kueue.port': 0 };
  server = await startServer({ ...usual, ...ours } as ServerSettings, { log: quietLog, env: {} });
  tokens.set('root', (await readFile(server.adminToken.path, 'utf8')).trim());
  const roles = { ada: 'submitter', bob: 'submitter', eve: 'viewer', node1: 'worker', node2: 'worker' };
  for (const [name, role] of Object.entries(roles)) {
    tokens.set(name, String((await made('root', '/v1/tokens', { name, role }))['token']));
  }
  // Anybody of this machine.
  tokens.set('mallory', (await User.register(Number(new URL(server.url).port), 'mallory')).token);
  await adaHasThings();
});
afterAll(async () => {
  await worker[Symbol.asyncDispose]();
  await server.stop();
  await dir.remove();
});

async function adaHasThings(): Promise<void> {
  worker = await socketWorker(server.url, tokens.get('node1'));
  worker.say(hello());
  await worker.hear('welcome');
  const job = await made('ada', '/v1/jobs', { name: mark, spec: { argv: [mark], env: { KEY: mark } } });
  const { task } = await worker.hear('run');
  worker.log(task.task, 1, 0, `${mark}\n`);
  worker.say({ m: 'report', task: task.task, attempt: 1, phase: mark });
  const schedule = await made('ada', '/v1/schedules', {
    name: mark,
    cron: '@yearly',
    job: { name: mark, spec: { argv: [mark] } },
  });
  const webhook = await made('ada', '/v1/webhooks', { name: mark, url: `https://hooks.example/${mark}` });
  const file = await made('ada', `/v1/files?name=${mark}.gcode`, `; ${mark}\nG28\nG1 X1\n`);
  const { id: agentId, token } = await made('ada', '/v1/agents', { name: mark });
  agent = await ScriptedAgent.enter(Number(new URL(server.url).port), String(token));
  await agent.report(printer);
  let printers: { id: number }[] = [];
  while (printers.length === 0) printers = (await ask('ada', 'GET', '/v1/printers')).json['printers'] as { id: number }[];
  const { id } = printers[0]!;
  expect((await ask('ada', 'POST', `/v1/printers/${id}/clear`, {})).status).toBe(200);
  const print = { blob: file['blob'], size: file['size'], name: mark };
  await made('ada', '/v1/jobs', { kind: 'print', name: mark, startOn: id, spec: print });
  for (const [room, value] of Object.entries({
    ...{ jobs: job['id'], tasks: task.task, schedules: schedule['id'], webhooks: webhook['id'], files: file['id'] },
    ...{ agents: agentId, printers: id },
  })) {
    things.set(room, String(value));
  }
}

const roomOf = (path: string): string => path.split('/')[2] ?? '';
const addressOf = (path: string): string =>
  path
    .replace(':id', things.get(roomOf(path)) ?? '')
    .replace(':name', 'energy')
    .replace('*', `${mark}.txt`);

/** Where an empty body would be refused before anybody has looked whose it is. */
const bodies: readonly (readonly [end: string, body: unknown])[] = [
  ['/command', { command: 'M105' }],
  ['/priority', { priority: 1 }],
  ['/maintenance', { on: true }],
  ['/tags', { tags: [] }],
  ['/gate', { enabled: false }],
];
const bodyFor = ({ method, path }: Pick<HttpRow, 'method' | 'path'>): unknown =>
  method === 'GET' || method === 'DELETE' ? undefined : (bodies.find(([end]) => path.endsWith(end))?.[1] ?? {});

/** Told on purpose: names and hashes to workers, which fetch what earlier tasks left; which printers there are to whoever sees workers. */
const told: ReadonlySet<string> = new Set(['node2 GET /v1/tasks/:id/artifacts', 'bob GET /v1/printers/:id']);

describe('what is somebody else\u2019s', () => {
  const rows = () => server.doors.find(({ name }) => name === 'api')?.rows ?? [];

  test('is not there, or forbidden, whatever is asked of it: another submitter, whoever registered himself, another worker', async () => {
    let asked = 0;
    for (const row of rows().filter(({ path }) => things.has(roomOf(path)) && path.includes(':id'))) {
      for (const who of ['bob', 'mallory', 'node2']) {
        const name = `${who} ${row.method} ${row.path}`;
        const { status, text } = await ask(who, row.method, addressOf(row.path), bodyFor(row));
        asked++;
        expect([name, told.has(name) ? 'told' : status === 403 || status === 404 ? 'refused' : status]).toEqual([
          name,
          told.has(name) ? 'told' : 'refused',
        ]);
        // The address says it itself.
        expect([name, text.replaceAll(`${mark}.txt`, '').includes(mark)]).toEqual([name, false]);
      }
    }
    expect(asked).toBeGreaterThan(120);
    const still = await ask('ada', 'GET', `/v1/jobs/${things.get('jobs')}`);
    expect(still.json).toMatchObject({ state: 'active', intent: 'none', priority: 0 });
  });

  test('stands in no list', async () => {
    let seen = 0;
    for (const { method, path, lasting } of rows()) {
      if (method !== 'GET' || lasting === true || /[:*]/.test(path)) continue;
      for (const who of ['bob', 'mallory', 'node2']) {
        const { status, text } = await ask(who, method, path);
        seen += Number(status === 200);
        expect([who, path, text.includes(mark)]).toEqual([who, path, false]);
      }
    }
    expect(seen).toBeGreaterThan(30);
    for (const path of ['/v1/jobs', '/v1/schedules', '/v1/webhooks', '/v1/files', '/v1/agents', '/v1/printers'])
      expect([path, (await ask('ada', 'GET', path)).text.includes(mark)]).toEqual([path, true]);
  });

  test('comes in no followed change', async () => {
    const abort = new AbortController();
    const headers = { authorization: `Bearer ${tokens.get('bob')}` };
    const response = await fetch(`${server.url}/v1/changes?since=0&progress=true&live=true`, { headers, signal: abort.signal });
    await made('bob', '/v1/jobs', { name: 'of-bob', hold: true, spec: { argv: ['true'] } });
    let text = '';
    for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
      text += piece;
      if (text.includes('of-bob')) break;
    }
    expect(text.includes(mark)).toBe(false);
  });

  test('whoever registered himself prints, and sends nothing into the world', async () => {
    const { status, json } = await ask('mallory', 'POST', '/v1/webhooks', { name: 'x', url: 'https://hooks.example/' });
    expect([status, json['code']]).toEqual([403, 'forbidden']);
    expect((await ask('mallory', 'POST', '/v1/jobs', { spec: { argv: ['id'] } })).status).toBe(403);
  });

  test('where a webhook leads to is a secret of whoever may make one: it lets in where it leads to', async () => {
    const path = `/v1/webhooks/${things.get('webhooks')}`;
    for (const one of ['/v1/webhooks', path]) {
      const { status, text } = await ask('eve', 'GET', one);
      expect([status, text.includes('https://hooks.example/'), text.includes(`example/${mark}`)]).toEqual([200, true, false]);
    }
    expect((await ask('root', 'GET', path)).json['url']).toBe(`https://hooks.example/${mark}`);
  });
});
