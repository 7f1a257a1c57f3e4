import { describe, expect, test } from 'vitest';
import { compile } from '../../src/kinds/index.ts';
import { until } from '../lib/until.ts';
import { ScriptedClient } from './lib/client.ts';
import { admin, openPlace, secret } from './lib/place.ts';
import { dialWire } from './lib/wire.ts';
import { ScriptedWorker } from './lib/worker.ts';

const sized = (bytes: number): string => {
  const rest = '{"AuthResponse":""}'.length;
  return `{"AuthResponse":"${'x'.repeat(bytes - rest)}"}`;
};

describe('limits, on both sides of the edge (kueue §7)', () => {
  test('kueue §7.2: a stranger’s message: 64 KiB pass, one byte more ends the connection', async () => {
    await using place = await openPlace();
    const client = new ScriptedClient(place.ownPort, secret);
    await using small = await client.open();
    small.send(sized(65_536));
    await until(() => place.lines.some(({ msg }) => msg === 'kueue:wrong-secret'));
    await place.clock.advance(1_000);
    expect(await small.expect('AuthAccepted')).toBe(false);
    await using large = await client.open();
    large.send(sized(65_537));
    expect(await large.next()).toBe(null);
  });

  test('kueue §7.2: who knows the secret may send much more, up to its own limit', async () => {
    await using place = await openPlace({ limits: { trustedMessageBytes: 300_000 } });
    const client = new ScriptedClient(place.ownPort, secret);
    const issue = (bytes: number): string => {
      const text = client.issue(['true', '']);
      return client.issue(['true', 'x'.repeat(bytes - text.length)]);
    };
    await using small = await client.open();
    await client.authenticate(small);
    small.send(issue(300_000));
    expect((await small.expect('AcceptJob')).cmd[1]).toHaveLength(300_000 - client.issue(['true', '']).length);
    small.send(issue(300_001));
    expect(await small.next()).toBe(null);
    // The worker sends it back with a little more around it: it must not be cut off for that.
    await using worker = await ScriptedWorker.connect(place.ownPort, { secret, silent: true });
    await until(() => worker.jobs.has(1));
    worker.say('Accept', 1);
    await until(() => worker.log.includes('confirm 1'));
    worker.finish(1, 0);
    expect((await client.wait(1)).code).toBe(0);
  });

  test('a command that placeholders make endless is offered to no Kueue worker, and shown cut', async () => {
    await using place = await openPlace();
    await using worker = await ScriptedWorker.connect(place.ownPort, { secret });
    const client = new ScriptedClient(place.ownPort, secret);
    const spec = { argv: ['true', '{item}'.repeat(170_000)], cwd: '/', array: { items: ['x'.repeat(4_000)] } };
    const plan = compile({ kind: 'shell', spec } as never).value!;
    await place.engine.submit(admin, plan);
    const last = await client.submit(['true']);
    await client.wait(last);
    expect(worker.log.filter((line) => line.startsWith('offer'))).toEqual([`offer ${last}`]);
    const [{ cmd, status }] = (await client.list()).job_infos;
    expect(cmd.join(' ')).toHaveLength(4_096 + 2);
    expect(status).toHaveProperty('Pending');
    expect(cmd[1].endsWith('x…')).toBe(true);
  });

  test('kueue §7.3: no hello within 30 s: closed; hello at the last moment: served', async () => {
    await using place = await openPlace();
    await using silent = await dialWire(place.ownPort, 'client', 'R18');
    await using late = await dialWire(place.ownPort, 'client', 'R18');
    await until(() => place.clock.pending >= 2);
    await place.clock.advance(29_999);
    late.send('"HelloFromClient"');
    await late.expect('WelcomeClient');
    await place.clock.advance(1);
    expect(await silent.next()).toBe(null);
    await place.clock.advance(3_600_000);
    // Between requests a client may be silent for ever.
    late.send('"ListWorkers"');
    await late.expect('WorkerList');
  });

  test('kueue §7.3: a worker has 30 s for its answer, and for its first report', async () => {
    await using place = await openPlace();
    await using wire = await dialWire(place.ownPort, 'worker', 'R18');
    wire.message('HelloFromWorker', { worker_name: 'slow' });
    await wire.expect('WelcomeWorker');
    await wire.expect('AuthChallenge');
    await place.clock.advance(29_999);
    expect(wire.ended).toBe(false);
    await place.clock.advance(1);
    expect(await wire.next()).toBe(null);
    await using worker = await ScriptedWorker.connect(place.ownPort, { secret });
    await until(async () => (await place.store.query.workers())[0]?.reported != null);
    await place.clock.advance(200_000);
    expect(worker.wire.ended).toBe(false);
  });

  test('half a message for ever: given up after a minute without a byte, not while it goes on', async () => {
    await using place = await openPlace();
    const client = new ScriptedClient(place.ownPort, secret);
    await using wire = await client.open();
    wire.send('{"ShowJob"');
    await until(() => place.clock.pending > 0);
    for (let i = 0; i < 3; i++) {
      await place.clock.advance(50_000);
      wire.send(' ');
      await (await client.open()).closed();
    }
    wire.send(':{"job_id":1}}');
    await wire.expect('RequestResponse');
    wire.send('{"ShowJob"');
    await (await client.open()).closed();
    await place.clock.advance(120_000);
    expect(await wire.next()).toBe(null);
  });

  test('kueue §7.4: the fifth wrong answer ends the connection; each is told later than the one before', async () => {
    await using place = await openPlace();
    const client = new ScriptedClient(place.ownPort, secret);
    await using wire = await client.open();
    const salts = new Set<string>();
    for (let i = 1; i <= 5; i++) {
      wire.send('"AuthRequest"');
      salts.add((await wire.expect('AuthChallenge')).salt);
      wire.message('AuthResponse', 'A'.repeat(43));
      const told = wire.expect('AuthAccepted');
      await until(() => place.lines.filter(({ msg }) => msg === 'kueue:wrong-secret').length === i);
      await place.clock.advance(50 * 2 ** (i - 1) - 1);
      expect(wire.received.filter(({ name }) => name === 'AuthAccepted')).toHaveLength(i - 1);
      await place.clock.advance(1);
      expect(await told).toBe(false);
    }
    expect(await wire.next()).toBe(null);
    expect(salts.size).toBe(5);
    // The address is not locked out: a whole cluster may share it.
    expect((await client.cmd(['true'])).code).toBe(0);
  });

  test('kueue §7.3: connections are bounded, per address and in all', async () => {
    await using place = await openPlace({ limits: { connectionsPerAddress: 3 } });
    const client = new ScriptedClient(place.ownPort, secret);
    const open = [await client.open(), await client.open(), await client.open()];
    await using fourth = await dialWire(place.ownPort, 'client', 'R18');
    expect(await fourth.next()).toBe(null);
    await open[0]!.closed();
    await until(() => place.listener.connections() === 2);
    await (await client.open()).closed();
    for (const wire of open) await wire[Symbol.asyncDispose]();
  });

  test('kueue §7.11: a peer that never reads costs bounded memory, and long outputs are made only as fast as they are read', async () => {
    await using place = await openPlace({ logCapBytes: 50_000_000 });
    await using worker = await ScriptedWorker.connect(place.ownPort, { secret, silent: true });
    const client = new ScriptedClient(place.ownPort, secret);
    const id = await client.submit(['true']);
    await until(() => worker.jobs.has(id));
    worker.say('Accept', id);
    await until(() => worker.log.includes(`confirm ${id}`));
    worker.finish(id, 0, 'x'.repeat(20_000_000));
    await client.wait(id);
    const before = process.memoryUsage().rss;
    const stuck = [];
    for (let i = 0; i < 20; i++) {
      const wire = await client.open();
      wire.socket.pause();
      for (let n = 0; n < 10; n++) wire.message('ShowJob', { job_id: id });
      stuck.push(wire);
    }
    expect((await client.show(id)).stdout_text).toHaveLength(20_000_000);
    // 20 peers with 10 answers of 20 MB each.
    expect(process.memoryUsage().rss - before).toBeLessThan(250_000_000);
    for (const wire of stuck) await wire.kill();
  });

  test('kueue §7.11: of a peer that never reads, no more requests are read than were promised', async () => {
    await using place = await openPlace();
    const client = new ScriptedClient(place.ownPort, secret);
    const wire = await client.open();
    wire.socket.pause();
    const heard = (): number => wire.socket.bytesWritten - wire.socket.writableLength;
    wire.send('"ListWorkers"'.repeat(3_000_000));
    let same = 0;
    for (let last = -1; same < 500; same = heard() === last ? same + 1 : 0) {
      last = heard();
      await new Promise((resolve) => setImmediate(resolve));
    }
    // The rest waits on the peer's own side.
    expect(wire.socket.writableLength).toBeGreaterThan(10_000_000);
    expect((await client.list()).jobs_pending).toBe(0);
    await wire.kill();
  });

  test('pipelined: submissions share transactions, and all answers come in order', async () => {
    await using place = await openPlace();
    const client = new ScriptedClient(place.ownPort, secret);
    await using wire = await client.open();
    await client.authenticate(wire);
    wire.send(`${client.issue(['true']).repeat(200)}{"ShowJob":{"job_id":200}}${client.issue(['true'])}"ListResources"`);
    for (let i = 1; i <= 200; i++) expect((await wire.expect('AcceptJob')).job_id).toBe(i);
    expect((await wire.expect('JobInfo')).job_info.job_id).toBe(200);
    expect((await wire.expect('AcceptJob')).job_id).toBe(201);
    await wire.expect('ResourceList');
  });

  test('a client that ends its side after its requests still gets the answers', async () => {
    await using place = await openPlace();
    const client = new ScriptedClient(place.ownPort, secret);
    await using wire = await client.open();
    wire.socket.end('"ListWorkers""ListResources"');
    await wire.expect('WorkerList');
    await wire.expect('ResourceList');
    expect(await wire.next()).toBe(null);
  });
});
