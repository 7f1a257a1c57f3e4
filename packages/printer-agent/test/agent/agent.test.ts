import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AgentYard } from '../lib/agent-yard.ts';
import { moves } from '../lib/printer-yard.ts';
import { ScriptedServer } from '../lib/scripted-server.ts';

let yard: AgentYard;
beforeEach(async () => {
  yard = await AgentYard.open();
});
afterEach(() => yard.close());

const gcode = (lines: readonly string[]) => `; made by hand\n${lines.map((line) => `${line} ; there\n`).join('\n')}; end\n`;

describe('connection', () => {
  it('authenticates first, then tells every printer', async () => {
    yard.start([{}, {}]);
    const peer = await yard.server.peer();
    expect(peer.greeting).toEqual({ type: 'authentication', data: { token: yard.server.token, version: '0.1.0' } });
    const first = await peer.status(({ printer_identifier, status }) => printer_identifier === 'P0' && status === 'available');
    await peer.status(({ printer_identifier, status }) => printer_identifier === 'P1' && status === 'available');
    expect(first.data).toEqual({
      printer_uuid: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      printer_identifier: 'P0',
      printer_adapter_identifier: 'VIRTUAL',
      printer_adapter_interface: 'virtual/0',
      status: 'available',
      job: null,
      state: {
        temperature: { bed: 21, tool0: 21, tool1: 0, tool2: 0, tool3: 0 },
        target: { bed: 0, tool0: 0, tool1: 0, tool2: 0, tool3: 0 },
      },
    });
  });

  it('a printer that does not answer: exactly the keys of the protocol', async () => {
    yard.start([{ chances: { silence: 1 } }]);
    const peer = await yard.server.peer();
    const { data } = await peer.status(() => true);
    expect(data).toEqual({ printer_uuid: expect.any(String), printer_identifier: 'P0', status: 'unavailable' });
  });

  it('printerlynx §8.18 a bad token ends an agent that never had a good one, with advice', async () => {
    yard.token = 'wrong';
    const exit = await yard.start().closed;
    expect(exit).toMatchObject({ how: 'refused', text: expect.stringContaining('Invalid token') });
    expect(exit.text).not.toContain('wrong');
  });

  it('comes back after a break and after a server that was not there, with the same printers', async () => {
    yard.start();
    const { peer, printer } = await yard.ready();
    peer.cut();
    const again = await yard.ready(2);
    expect(again.printer).toBe(printer);
    const { port } = yard.server;
    await yard.server.close();
    yard.server = await ScriptedServer.open(port);
    expect((await yard.ready()).printer).toBe(printer);
  });

  it('a token that is not taken any more is no end: it may come back', async () => {
    yard.start();
    const { peer } = await yard.ready();
    yard.server.token = 'another';
    peer.cut();
    while (!yard.logs.some(({ event }) => event === 'server:refused')) await new Promise((resolve) => setImmediate(resolve));
    yard.token = 'another';
    await yard.ready(2);
  });

  it('garbage from the server is answered or ignored, and harms nothing', async () => {
    yard.start();
    const { peer, printer } = await yard.ready();
    for (const raw of ['', 'hello', '[]', '{}', '{"type":7}', '{"type":"new_things"}', '{"type":"print_job"}']) peer.raw(raw);
    peer.raw(Buffer.from([1, 2, 3]));
    peer.say('print_job', { type: 'DANCE', request_id: 'dance' });
    peer.start(printer, yard.server.store('G28\n'), { request_id: 'half', job_uuid: 'x' });
    peer.say('printer_command', { request_id: 'far', printer_uuid: randomUUID(), command: 'G28' });
    peer.command(printer, 'M114');
    expect((await peer.answer('dance')).data).toMatchObject({ status: 'ERROR', message: 'Unknown print job type' });
    expect((await peer.answer('half')).data).toMatchObject({ status: 'ERROR', message: 'Invalid message: job_uuid' });
    expect((await peer.answer('far')).data).toMatchObject({ status: 'ERROR', message: 'Printer not found' });
    expect((await peer.answer('M114')).data).toEqual({
      status: 'OK',
      request_id: 'M114',
      printer_uuid: printer,
      response: ['X:0.00 Y:0.00 Z:0.00 E:0.00 Count X:0 Y:0 Z:0', 'ok'],
    });
  });

  it('printer ids are kept over restarts', async () => {
    yard.start([{}, {}]);
    const first = await yard.ready();
    yard.agent?.stop();
    await yard.agent?.closed;
    yard.start([{}, {}]);
    const peer = await yard.server.peer(2);
    const { data } = await peer.status(({ printer_identifier }) => printer_identifier === 'P0');
    const { data: before } = await first.peer.status(({ printer_identifier }) => printer_identifier === 'P0');
    expect(data['printer_uuid']).toBe(before['printer_uuid']);
  });

  it('a printer whose id is another agent’s gets a new one, and keeps that', async () => {
    yard.start([{}, {}]);
    const { peer, printer } = await yard.ready();
    peer.say('printer_status', { status: 'ERROR', message: 'Printer belongs to another agent', printer_uuid: printer });
    const at = peer.frames.length;
    const { data } = await peer.got(
      ({ type, data: one }) =>
        type === 'printer_status' &&
        one['printer_uuid'] !== printer &&
        peer.frames.findIndex((frame) => frame.data === one) >= at &&
        one['printer_identifier'] === 'P0',
    );
    yard.agent?.stop();
    await yard.agent?.closed;
    yard.start([{}, {}]);
    const again = await yard.server.peer(2);
    const known = await again.status(({ printer_identifier }) => printer_identifier === 'P0');
    expect(known.data['printer_uuid']).toBe(data['printer_uuid']);
  });

  it('a folder that another agent uses is left alone', async () => {
    const first = yard.start();
    await yard.ready();
    yard.start();
    expect(await yard.agent?.closed).toMatchObject({ how: 'failed', text: expect.stringContaining('another agent') });
    yard.agent = first;
  });
});

describe('a print', () => {
  it('printerlynx §8.21 START downloads with the own token, verifies, prints; progress rises to 1.0; then available, job null', async () => {
    yard.start([{ speed: 50 }]);
    const { peer, printer } = await yard.ready();
    const lines = ['G28', 'M104 S200', ...moves(300)];
    const file = yard.server.store(gcode(lines));
    const job = peer.start(printer, file);
    expect((await peer.answer(`start-${job.slice(0, 8)}`)).data).toEqual({
      status: 'OK',
      request_id: expect.any(String),
      job_uuid: job,
    });
    expect((await peer.finished(job)).data).toEqual({ status: 'FINISHED', job_uuid: job, result: 'completed' });
    const at = peer.frames.findIndex(({ data }) => data['status'] === 'FINISHED');
    const busy = peer.frames.filter(({ data }) => data['job']).map(({ data }) => data['job']);
    expect(busy[0]).toMatchObject({
      print_file_uuid: file.uuid,
      job_uuid: job,
      name: 'part.gcode',
      size: file.bytes.length,
      state: 'starting',
      progress: 0,
    });
    const progress = busy.map((one) => one.progress as number);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(progress.at(-1)).toBe(1);
    expect(progress.filter((one) => one === 1)).toHaveLength(1);
    expect(peer.frames.slice(at + 1).find(({ type }) => type === 'printer_status')?.data).toMatchObject({ job: null });
    expect(yard.taken).toEqual(lines);
    expect(yard.server.requests).toEqual([`GET /api/v1/files/${file.uuid}/download`]);
    expect(readdirSync(join(yard.data, 'files', printer))).toEqual([]);
  });

  it('the same START again starts nothing; another one is refused; wrong jobs are not steered', async () => {
    yard.start([{ speed: 1 }]);
    const { peer, printer } = await yard.ready();
    const file = yard.server.store(gcode(['G28', ...moves(500)]));
    const job = peer.start(printer, file);
    await peer.status(({ job: active }) => active?.state === 'printing');
    peer.start(printer, file, { job_uuid: job.toUpperCase(), request_id: 'again' });
    expect((await peer.answer('again')).data).toMatchObject({ status: 'OK', job_uuid: job });
    peer.start(printer, file, { request_id: 'other' });
    expect((await peer.answer('other')).data).toMatchObject({ status: 'ERROR', message: 'Printer is busy' });
    peer.steer('PAUSE', printer, randomUUID());
    expect((await peer.answer('PAUSE')).data).toMatchObject({ status: 'ERROR', message: 'Another print job is active' });
    peer.steer('CANCEL', printer, job);
    expect((await peer.finished(job)).data).toMatchObject({ result: 'cancelled' });
    peer.steer('RESUME', printer, job);
    expect((await peer.answer('RESUME')).data).toMatchObject({ status: 'ERROR', message: 'No active print job' });
    expect(yard.server.requests).toHaveLength(1);
    // A server that was set up anew counts from the start: the same id for another file is another job.
    peer.start(printer, yard.server.store('G28\n'), { job_uuid: job, request_id: 'new' });
    expect((await peer.answer('new')).data).toMatchObject({ status: 'OK' });
    await peer.got(({ data }) => data['status'] === 'FINISHED' && data['result'] === 'completed');
  });

  it('pause, a command meanwhile, resume', async () => {
    yard.start([{ speed: 20 }]);
    const { peer, printer } = await yard.ready();
    const lines = ['G28', ...moves(400)];
    const job = peer.start(printer, yard.server.store(gcode(lines)));
    await peer.status(({ job: active }) => active?.state === 'printing');
    peer.command(printer, 'G28 Z');
    expect((await peer.answer('G28 Z')).data).toMatchObject({ status: 'ERROR', message: 'Printer is busy' });
    peer.steer('PAUSE', printer, job);
    await peer.status(({ job: active }) => active?.state === 'paused');
    peer.command(printer, 'G1 X1');
    expect((await peer.answer('G1 X1')).data).toMatchObject({ status: 'OK', response: ['ok'] });
    peer.steer('RESUME', printer, job);
    expect((await peer.finished(job)).data).toMatchObject({ result: 'completed' });
    expect(yard.taken.filter((line) => /E[\d.]+ F6000$/.test(line))).toEqual(moves(400));
  });

  it('refuses what nobody may send', async () => {
    yard.start();
    const { peer, printer } = await yard.ready();
    for (const command of ['M110 N7', 'M28 x.g', 'hello', 'M500', `M117 ${'x'.repeat(90)}`]) peer.command(printer, command);
    expect((await peer.answer('M110 N7')).data).toMatchObject({ status: 'ERROR', message: 'Command is not allowed' });
    expect((await peer.answer('hello')).data).toMatchObject({ status: 'ERROR', message: 'Command is not valid' });
    expect((await peer.answer('M500')).data).toMatchObject({ status: 'ERROR', message: 'Command is not allowed' });
    peer.say('printer_command', { request_id: 'admin', printer_uuid: printer, command: 'M500', role: 'admin' });
    expect((await peer.answer('admin')).data).toMatchObject({ status: 'OK' });
  });

  it('M112: at once, the job has failed, the printer comes back when it was left alone', async () => {
    yard.start([{ speed: 1 }]);
    const { peer, printer } = await yard.ready();
    const job = peer.start(printer, yard.server.store(gcode(['M109 S200', ...moves(10)])));
    await peer.status(({ job: active }) => active?.state === 'printing');
    peer.command(printer, 'M112');
    expect((await peer.answer('M112')).data).toMatchObject({ status: 'OK' });
    expect((await peer.finished(job)).data).toMatchObject({ result: 'failed', message: 'Emergency stop' });
    const at = peer.frames.length;
    await peer.got((frame) => peer.frames.indexOf(frame) >= at && frame.data['status'] === 'available');
  });
});

describe('downloads', () => {
  const start = async () => {
    yard.start();
    const { peer, printer } = await yard.ready();
    return { peer, printer, request: (job: string) => peer.answer(`start-${job.slice(0, 8)}`) };
  };
  const big = () => yard.server.store(gcode(['G28', ...moves(4_000)]));

  it('a cut connection is taken up where it stopped', async () => {
    const { peer, printer } = await start();
    const file = big();
    yard.server.mishaps.push('cut', 500, 'cut');
    const job = peer.start(printer, file);
    expect((await peer.finished(job)).data).toMatchObject({ result: 'completed' });
    expect(yard.server.requests).toHaveLength(4);
    expect(yard.server.requests.at(-1)).toMatch(/bytes=[1-9]\d+-$/);
  });

  it('a server that knows no ranges: from the start', async () => {
    const { peer, printer } = await start();
    yard.server.mishaps.push('cut', 'no-range');
    const job = peer.start(printer, big());
    expect((await peer.finished(job)).data).toMatchObject({ result: 'completed' });
  });

  it('a wrong checksum: once more, then refused', async () => {
    const { peer, printer, request } = await start();
    const file = big();
    yard.server.mishaps.push('wrong');
    expect((await peer.finished(peer.start(printer, file))).data).toMatchObject({ result: 'completed' });
    yard.server.mishaps.push('wrong', 'wrong');
    const job = peer.start(printer, file);
    expect((await request(job)).data).toEqual({
      status: 'ERROR',
      request_id: expect.any(String),
      job_uuid: job,
      message: 'Checksum mismatch',
    });
    expect(readdirSync(join(yard.data, 'files', printer))).toEqual([]);
  });

  it.each([
    [{ size: 10 }, 'Checksum mismatch'],
    [{ size: 10_000_000 }, 'Checksum mismatch'],
    [{ checksum: 'a'.repeat(64) }, 'Checksum mismatch'],
    [{ download_path: '/api/v1/files/none/download' }, /answered 404/],
    [{ download_path: '//evil.example/x' }, /another server/],
  ])('%j is refused', async (more, message) => {
    const { peer, printer, request } = await start();
    const job = peer.start(printer, yard.server.store('G28\n'), more);
    expect((await request(job)).data).toMatchObject({ status: 'ERROR', message: expect.stringMatching(message) });
    expect(yard.taken).toEqual([]);
  });

  it.each([
    ['G28\nG1 X1\n\0\0\0\n', /^Line 3 cannot be printed: it is not text/],
    ['G28\nM112\n', /^Line 2 cannot be printed: M112 is not allowed/],
  ])('what cannot be printed is refused, with the line', async (text, message) => {
    const { peer, printer, request } = await start();
    const job = peer.start(printer, yard.server.store(text));
    expect((await request(job)).data).toMatchObject({ status: 'ERROR', message: expect.stringMatching(message) });
    expect(yard.taken).toEqual([]);
  });

  it('CANCEL while it is being fetched', async () => {
    const { peer, printer, request } = await start();
    yard.server.mishaps.push('hang');
    const job = peer.start(printer, big());
    await peer.status(({ job: active }) => active?.state === 'starting');
    while (yard.server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    peer.steer('CANCEL', printer, job);
    expect((await peer.finished(job)).data).toMatchObject({ result: 'cancelled' });
    expect((await request(job)).data).toMatchObject({ status: 'ERROR' });
    const next = peer.start(printer, yard.server.store('G28\n'));
    expect((await peer.finished(next)).data).toMatchObject({ result: 'completed' });
  });

  it('PAUSE while it is being fetched: begins paused, nothing has moved', async () => {
    const { peer, printer } = await start();
    const file = big();
    yard.server.mishaps.push('cut', 500, 500);
    const job = peer.start(printer, file);
    await peer.status(({ job: active }) => active?.state === 'starting');
    peer.steer('PAUSE', printer, job);
    await peer.status(({ job: active }) => active?.state === 'paused');
    expect(yard.taken.filter((line) => line.startsWith('G'))).toEqual([]);
    peer.steer('RESUME', printer, job);
    expect((await peer.finished(job)).data).toMatchObject({ result: 'completed' });
  });
});

describe('losses', () => {
  it('stopped at once in mid-print: the heaters are turned off on the way out, and the next agent says how it ended', async () => {
    yard.start([{ speed: 1 }]);
    const { peer, printer } = await yard.ready();
    const job = peer.start(printer, yard.server.store(gcode(['M104 S200', 'M140 S60', ...moves(5_000)])));
    await peer.status(({ job: active }) => active?.progress > 0);
    const [virtual] = yard.printers;
    for (let i = 0; i < 3; i++) yard.agent?.stop();
    await yard.agent?.closed;
    expect(virtual?.taken.map(({ command }) => command).slice(-3)).toEqual(['M108', 'M104 S0', 'M140 S0']);
    yard.start();
    const again = await yard.server.peer(2);
    expect((await again.finished(job)).data['result']).toMatch(/cancelled|failed/);
  });

  it('printerlynx §8.26 the server is gone in mid-print: the print goes on, and its end is told when there is a server again', async () => {
    yard.start([{ speed: 60 }]);
    const { peer, printer } = await yard.ready();
    const lines = ['G28', ...moves(600)];
    const job = peer.start(printer, yard.server.store(gcode(lines)));
    await peer.status(({ job: active }) => active?.state === 'printing');
    const { port } = yard.server;
    await yard.server.close();
    const before = yard.taken.length;
    while (yard.taken.length < before + 200) await new Promise((resolve) => setTimeout(resolve, 5));
    yard.server = await ScriptedServer.open(port);
    const again = await yard.server.peer();
    const first = await again.got(() => true);
    if (first.type === 'printer_status') expect(first.data['job']).toMatchObject({ job_uuid: job, state: 'printing' });
    expect((await again.finished(job)).data).toMatchObject({ result: 'completed' });
    expect(yard.taken).toEqual(lines);
    // A server that lost that again hears it again, before the state of the printer.
    again.cut();
    const third = await yard.server.peer(2);
    expect((await third.got(() => true)).data).toMatchObject({ status: 'FINISHED', job_uuid: job, result: 'completed' });
  });

  it('the printer is gone in mid-print: failed and unavailable, then available', async () => {
    yard.start([{ speed: 60 }]);
    const { peer, printer } = await yard.ready();
    const job = peer.start(printer, yard.server.store(gcode(moves(600))));
    await peer.status(({ job: active }) => active?.state === 'printing');
    yard.printers[0]!.fault('unplug');
    expect((await peer.finished(job)).data).toMatchObject({
      result: 'failed',
      message: expect.stringContaining('port was lost'),
    });
    const at = peer.frames.length;
    await peer.got((frame) => peer.frames.indexOf(frame) >= at && frame.data['status'] === 'available');
    const statuses = peer.frames.slice(at - 1).flatMap(({ type, data }) => (type === 'printer_status' ? [data['status']] : []));
    expect(statuses[0]).toBe('unavailable');
  });

  it('stopping waits for the print; once more cancels it, heaters off; nothing is left', async () => {
    yard.start([{ speed: 20 }]);
    const { peer, printer } = await yard.ready();
    const job = peer.start(printer, yard.server.store(gcode(['M104 S200', ...moves(5_000)])));
    await peer.status(({ job: active }) => active?.state === 'printing');
    yard.agent?.stop();
    peer.start(printer, yard.server.store('G28\n'), { request_id: 'late' });
    expect((await peer.answer('late')).data).toMatchObject({ status: 'ERROR' });
    yard.agent?.stop();
    expect((await peer.finished(job)).data).toMatchObject({ result: 'cancelled' });
    expect(await yard.agent?.closed).toMatchObject({ how: 'stopped' });
    expect(yard.printers[0]!.tools[0]!.target).toBe(0);
    await peer.gone();
    expect(existsSync(join(yard.data, 'lock'))).toBe(false);
  });
});
