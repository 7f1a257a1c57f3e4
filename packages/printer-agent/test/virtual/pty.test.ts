import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SerialPort } from 'serialport';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realSystem } from '../../src/system.ts';
import { VirtualPrinter } from '../../src/virtual/printer.ts';
import { canOpenPty, openPty, type Pty } from '../../src/virtual/pty.ts';
import { moves } from '../lib/printer-yard.ts';
import { ScriptedServer } from '../lib/scripted-server.ts';

const socat = await canOpenPty();
const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** A virtual printer that lives in this process, on a real pty, and a real agent process. */
describe.skipIf(!socat)('over a real pty (needs socat)', () => {
  let folder: string;
  let pty: Pty;
  let printer: VirtualPrinter;
  let server: ScriptedServer;
  const agents: ChildProcess[] = [];
  let heard: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'printer-pty-'));
    server = await ScriptedServer.open();
    await writeFile(join(folder, 'token'), `${server.token}\n`, { mode: 0o600 });
    heard = '';
    printer = new VirtualPrinter(
      { clock: realSystem, dice: () => realSystem.dice(), speed: 100 },
      { output: (bytes) => pty.write(bytes), unplugged: () => {} },
    );
    await plugIn();
  });
  afterEach(async () => {
    for (const agent of agents.splice(0)) {
      if (agent.exitCode === null && agent.signalCode === null) {
        agent.kill('SIGKILL');
        await once(agent, 'close');
      }
    }
    printer.off();
    await pty.end();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function plugIn(): Promise<void> {
    pty = await openPty(join(folder, 'port'), (text) => {
      heard += text;
      printer.receive(text);
    });
  }

  function startAgent(): ChildProcess {
    const flags = [
      '--server',
      server.url,
      '--token-file',
      join(folder, 'token'),
      '--data',
      join(folder, 'agent'),
      '--json',
      '--boot-wait',
      '1',
    ];
    const agent = spawn(process.execPath, [program, ...flags, '--port', `Pty=${pty.path}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    agents.push(agent);
    agent.stderr?.resume();
    return agent;
  }

  /** A pty has no reset line: the board is reset by hand. */
  const boot = () => printer.boot();

  it('printerlynx §8.27 §8.26 the agent is killed in mid-print: after its restart heaters off first, then the truth', async () => {
    const agent = startAgent();
    const peer = await server.peer();
    boot();
    const { data } = await peer.status(({ status }) => status === 'available');
    const uuid = data['printer_uuid'] as string;
    const job = peer.start(uuid, server.store(['G28', 'M104 S200', ...moves(20_000)].join('\n')));
    await peer.status(({ job: active }) => active?.state === 'printing' && active.progress > 0);
    expect(printer.tools[0]?.target).toBe(200);
    agent.kill('SIGKILL');
    await once(agent, 'close');
    await peer.gone();
    // The printer was not reset: its heater is still on.
    expect(printer.tools[0]?.target).toBe(200);
    const taken = printer.taken.length;
    startAgent();
    const again = await server.peer(2);
    expect((await again.finished(job)).data).toEqual({
      status: 'FINISHED',
      job_uuid: job,
      result: 'failed',
      message: 'The agent was restarted in the middle of the print',
    });
    expect(printer.tools[0]?.target).toBe(0);
    const { data: after } = await again.status(({ status }) => status === 'available');
    expect(after).toMatchObject({
      printer_uuid: uuid,
      job: null,
      last_error: expect.stringContaining('heaters were turned off'),
    });
    const since = printer.taken.slice(taken).map(({ command }) => command);
    expect(since.filter((command) => command.startsWith('G'))).toEqual([]);
    expect(since.slice(0, 4)).toEqual(['M108', 'M110 N0', 'M104 S0', 'M140 S0']);
  }, 60_000);

  it('prints a whole file, and sees the plug pulled', async () => {
    startAgent();
    const peer = await server.peer();
    boot();
    const { data } = await peer.status(({ status }) => status === 'available');
    const uuid = data['printer_uuid'] as string;
    const lines = ['G28', ...moves(500)];
    const job = peer.start(uuid, server.store(lines.join('\r\n')));
    expect((await peer.finished(job)).data).toMatchObject({ result: 'completed' });
    expect(printer.taken.map(({ command }) => command).filter((command) => command.startsWith('G'))).toEqual(lines);
    const next = peer.start(uuid, server.store(moves(20_000).join('\n')));
    await peer.status(({ job: active }) => active?.job_uuid === next && active.state === 'printing');
    await pty.end();
    expect((await peer.finished(next)).data).toMatchObject({
      result: 'failed',
      message: expect.stringContaining('port was lost'),
    });
    await peer.status(({ status }) => status === 'unavailable');
    await plugIn();
    const at = peer.frames.length;
    boot();
    await peer.got((frame) => peer.frames.indexOf(frame) >= at && frame.data['status'] === 'available');
  }, 60_000);

  it('printerlynx §8.29 an agent that writes G28 at once, unnumbered, reads its ok in one piece within 5 s', async () => {
    boot();
    const port = new SerialPort({ path: pty.path, baudRate: 115_200 });
    await once(port, 'open');
    const chunks: string[] = [];
    port.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
    const from = performance.now();
    port.write('G28\n');
    while (!chunks.some((chunk) => chunk.includes('ok'))) await once(port, 'data');
    expect(heard).toBe('G28\n');
    // Its own deadline, which is part of its protocol.
    expect(performance.now() - from).toBeLessThan(5_000);
    await new Promise<void>((resolve) => port.close(() => resolve()));
  });
});
