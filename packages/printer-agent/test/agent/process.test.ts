import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { moves } from '../lib/printer-yard.ts';
import { ScriptedServer } from '../lib/scripted-server.ts';

const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

describe('the program, with --port virtual', () => {
  let folder: string;
  let server: ScriptedServer;
  let agent: ChildProcess | null = null;
  let said: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'printer-process-'));
    server = await ScriptedServer.open();
    await writeFile(join(folder, 'token'), `${server.token}\n`, { mode: 0o600 });
  });
  afterEach(async () => {
    if (agent?.exitCode === null && agent.signalCode === null) {
      agent.kill('SIGKILL');
      await once(agent, 'close');
    }
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  function start(...more: readonly string[]): Promise<[number | null, string | null]> {
    const flags = ['--server', server.url, '--token-file', join(folder, 'token'), '--data', join(folder, 'agent'), '--json'];
    said = '';
    agent = spawn(process.execPath, [program, ...flags, '--port', 'virtual', ...more], { stdio: ['ignore', 'ignore', 'pipe'] });
    agent.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    return once(agent, 'close') as Promise<[number | null, string | null]>;
  }

  it('ends with advice and 1 when its token is not taken, and never says the token', async () => {
    await writeFile(join(folder, 'token'), 'no-such-token');
    expect(await start()).toEqual([1, null]);
    expect(said).toContain('does not take this token');
    expect(said).not.toContain('no-such-token');
  });

  it('SIGTERM without a print: ends with 0; in a print: after it; nothing keeps it alive', async () => {
    const idle = start();
    await (await server.peer()).status(({ status }) => status === 'available');
    agent?.kill('SIGTERM');
    expect(await idle).toEqual([0, null]);
    const printing = start('--virtual-speed', '100');
    const peer = await server.peer(2);
    const { data } = await peer.status(({ status }) => status === 'available');
    const job = peer.start(data['printer_uuid'] as string, server.store(['G28', ...moves(200)].join('\n')));
    await peer.status(({ job: active }) => active?.state === 'printing');
    agent?.kill('SIGTERM');
    expect((await peer.finished(job)).data).toMatchObject({ result: 'completed' });
    expect(await printing).toEqual([0, null]);
  });

  it('wrong flags: 2, with a text that says what to do', async () => {
    expect(await start('--port', 'virtual=')).toEqual([2, null]);
    expect(said).toMatch(/expected NAME=PATH or PATH\nSee --help/);
  });
});
