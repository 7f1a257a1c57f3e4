import type { PrinterLive } from '@switchyard/sdk/printer.ts';
import { describe, expect, it } from 'vitest';
import { type Principal, roles } from '../../src/domain/principal.ts';
import { connect, ourProfile, settle, type TestWorker } from '../engine/lib/yard.ts';
import { type ApiYard, openApiYard } from './lib/api-yard.ts';

const gated = { ...ourProfile, gated: true } as const;
const owner = (name: string): Principal => ({ ...roles.worker, id: `token:${name}`, name, kinds: ['print'] });

const live = (more: Partial<PrinterLive> = {}): PrinterLive => ({
  status: 'available',
  heaters: { bed: { actual: 21, target: 0 }, tool0: { actual: 22, target: 0 } },
  lastError: null,
  job: null,
  ...more,
});

/** A printer of the self-registered account `print`, as its door would put it there. */
async function printerOf({ yard }: ApiYard, who = 'print', name = 'mk4'): Promise<TestWorker> {
  const worker = await connect(yard, { name, key: name, kinds: ['print'], slots: 1, profile: gated, by: owner(who) });
  yard.engine.reports.put(worker.id, { ...live() });
  await settle();
  return worker;
}

const gcode = Buffer.from('; filament_type = PLA\n; total layers count = 7\n; estimated printing time = 10m 0s\nG28\nG1 X1\n');
const print = async (place: ApiYard, as: string, more: Record<string, unknown> = {}) => {
  const client = place.as(as);
  const { blob, size } = await client.files.upload(gcode);
  const { job } = await client.jobs.submit({ kind: 'print', spec: { blob, size, name: 'part.gcode' }, ...more });
  await settle();
  return job;
};
const code = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'nothing',
    (error: { code: string }) => error.code,
  );

describe('/v1/printers', () => {
  it('shows a printer, its plate, its print and how far it is', async () => {
    await using place = await openApiYard();
    const mk4 = await printerOf(place);
    const mine = place.as('print').printers;
    expect(await mine.list()).toMatchObject([{ id: mk4.id, name: 'mk4', state: 'uncleared', gate: 'closed', print: null }]);
    const job = await print(place, 'print');
    expect(mk4.got).toEqual([]);
    expect(await mine.clear(mk4.id)).toMatchObject({ gate: 'open' });
    await settle();
    const [given] = mk4.got;
    expect(given!.jobName).toBe('part.gcode');
    const task = given!.task.id;
    const told = { task, state: 'printing', progress: 0.25, elapsedS: 150, remainingS: null, message: null } as const;
    place.yard.engine.reports.put(mk4.id, { ...live({ status: 'busy', job: told }) });
    expect(await mine.show(mk4.id)).toMatchObject({
      state: 'printing',
      live: { job: { progress: 0.25 }, heaters: { tool0: { actual: 22 } } },
      print: { job: job.id, task, name: 'part.gcode', remainingS: 450, facts: { layers: 7, materials: ['PLA'] } },
    });
    await mk4.end(task);
    place.yard.engine.reports.put(mk4.id, { ...live() });
    expect(await mine.show(mk4.id)).toMatchObject({ state: 'uncleared', print: null });
  });

  it('is its owner’s, and of those who run the yard: others learn nothing', async () => {
    await using place = await openApiYard({});
    const { id } = await printerOf(place, 'ada');
    const stranger = place.as('print').printers;
    expect(await stranger.list()).toEqual([]);
    for (const call of [stranger.show(id), stranger.clear(id), stranger.setTags(id, ['x']), stranger.command(id, 'M105')]) {
      expect(await code(call)).toBe('not_found');
    }
    expect(await code(stranger.stop(id))).toBe('not_found');
    const viewer = place.as('viewer').printers;
    expect((await viewer.show(id)).name).toBe('mk4');
    expect(await code(viewer.clear(id))).toBe('forbidden');
    const bob = place.as('bob').printers;
    expect((await bob.show(id)).name).toBe('mk4');
    expect(await code(bob.clear(id))).toBe('forbidden');
    expect((await place.as('ada').printers.clear(id)).gate).toBe('open');
    expect((await place.as('operator').printers.clear(id, false)).gate).toBe('closed');
    expect(await code(place.as('worker').printers.list())).toBe('forbidden');
  });

  it('what it prints is told to its keeper, to whoever sees that job, and to nobody else', async () => {
    await using place = await openApiYard();
    const { id } = await printerOf(place, 'ada');
    await place.as('ada').printers.clear(id);
    const job = await print(place, 'bob', { startOn: id });
    const seen = async (who: string) => (await place.as(who).printers.show(id)).print?.job ?? null;
    place.yard.engine.reports.put(id, { ...live({ status: 'busy' }) });
    for (const who of ['ada', 'bob', 'viewer', 'operator']) expect([who, await seen(who)]).toEqual([who, job.id]);
    // Somebody who may see all workers, but only his own jobs.
    expect(await seen('submitter')).toBe(null);
    const [one] = await place.as('submitter').printers.list();
    expect([one?.id, JSON.stringify(one).includes('part.gcode')]).toEqual([id, false]);
  });

  it('prints of a self-registered account come to no printer but its own', async () => {
    await using place = await openApiYard();
    const foreign = await printerOf(place, 'ada', 'foreign');
    const own = await printerOf(place, 'print', 'own');
    for (const { id } of [foreign, own]) await place.as('admin').printers.clear(id);
    await print(place, 'print');
    await print(place, 'print');
    expect([foreign.got.length, own.got.length]).toEqual([0, 1]);
    expect(await code(print(place, 'print', { startOn: foreign.id }))).toBe('worker_unavailable');
    await print(place, 'admin');
    expect(foreign.got.length).toBe(1);
  });

  it('the gate, maintenance and tags are its owner’s to set', async () => {
    await using place = await openApiYard();
    const { id, told } = await printerOf(place);
    const mine = place.as('print').printers;
    expect(await mine.setGate(id, false)).toMatchObject({ gate: 'none', state: 'ready' });
    expect(await mine.setTags(id, ['pla', 'nozzle:0.4'])).toMatchObject({ tags: ['nozzle:0.4', 'pla'] });
    expect(await mine.setMaintenance(id, true)).toMatchObject({ maintenance: true, state: 'maintenance' });
    await settle();
    expect(told).toContainEqual({ tell: 'wish', mode: 'asleep', lazy: true });
    expect(await mine.setMaintenance(id, false)).toMatchObject({ maintenance: false });
    expect(await code(mine.setTags(id, ['material:pla?']))).toBe('malformed');
  });

  it('pauses, goes on and cancels what it prints, and says where there is nothing', async () => {
    await using place = await openApiYard();
    const mk4 = await printerOf(place);
    const mine = place.as('print').printers;
    expect(await code(mine.pause(mk4.id))).toBe('wrong_state');
    await mine.clear(mk4.id);
    await print(place, 'admin');
    const task = mk4.got[0]!.task.id;
    for (const verb of ['pause', 'resume', 'cancel'] as const) await mine[verb](mk4.id);
    await settle();
    const words = mk4.told.map(({ tell }) => tell);
    expect(words).toEqual(['suspend', 'resume', 'kill']);
    await mk4.end(task, 'failed');
    expect((await place.as('admin').tasks.show(task)).state).toBe('canceled');
  });

  it('sends lines of G-code by the list of what each role may, and none that moves it while it prints', async () => {
    await using place = await openApiYard();
    const mk4 = await printerOf(place);
    const mine = place.as('print').printers;
    const sent = () => mk4.told.flatMap((what) => (what.tell === 'message' ? [what.message] : []));
    await mine.command(mk4.id, ' M104 S200 ');
    expect(await code(mine.command(mk4.id, 'M500'))).toBe('invalid');
    await place.as('operator').printers.command(mk4.id, 'M500');
    expect(await code(place.as('admin').printers.command(mk4.id, 'M110 N0'))).toBe('invalid');
    expect(await code(mine.command(mk4.id, 'M104\nM112'))).toBe('invalid');
    const job = { task: 1, state: 'printing', progress: 0, elapsedS: null, remainingS: null, message: null } as const;
    place.yard.engine.reports.put(mk4.id, { ...live({ status: 'busy', job }) });
    expect(await code(mine.command(mk4.id, 'G28'))).toBe('wrong_state');
    place.yard.engine.reports.put(mk4.id, { ...live({ status: 'busy', job: { ...job, state: 'paused' } }) });
    await mine.command(mk4.id, 'G28');
    place.yard.engine.reports.put(mk4.id, null);
    expect(await code(mine.command(mk4.id, 'M105'))).toBe('worker_unavailable');
    expect(sent()).toEqual([
      { command: 'M104 S200', role: 'user' },
      { command: 'M500', role: 'admin' },
      { command: 'G28', role: 'user' },
    ]);
  });

  it('the emergency stop is sent first and written down afterwards, whatever is known of the printer', async () => {
    await using place = await openApiYard();
    const mk4 = await printerOf(place);
    place.yard.engine.reports.put(mk4.id, null);
    const { engine } = place.yard;
    const by = owner('ada');
    expect(engine.urge({ ...by, rights: ['worker:control'] }, mk4.id, 'print', { command: 'M112' }).refusal?.code).toBe(
      'not_found',
    );
    const before = engine.urge({ ...owner('print'), rights: ['worker:control'] }, mk4.id, 'print', { command: 'M112' });
    // In the very same turn: nothing has been written yet.
    expect([before.value, mk4.told]).toEqual([{ done: true }, [{ tell: 'message', message: { command: 'M112' } }]]);
    await place.as('print').printers.stop(mk4.id);
    await place.as('print').printers.command(mk4.id, 'M112');
    expect(mk4.told.length).toBe(3);
    await settle();
    const { entries } = await place.as('admin').audit();
    expect(entries.filter(({ command }) => command === 'urge').map(({ by: who }) => who)).toEqual([
      'token:print',
      'token:print',
      'token:print',
    ]);
  });

  it('tells followers what printers show of themselves, and nobody else’s', async () => {
    await using place = await openApiYard();
    const mk4 = await printerOf(place, 'ada');
    const events: unknown[] = [];
    const stop = new AbortController();
    const follow = async (who: string): Promise<void> => {
      for await (const event of place.as(who).changes({ live: true, signal: stop.signal })) {
        if (event.type === 'report') events.push([who, event]);
      }
    };
    const [ada, bob] = [follow('ada'), follow('print')];
    const report = live({ heaters: { bed: { actual: 60, target: 60 } } });
    while (events.length === 0) {
      place.yard.engine.reports.put(mk4.id, { ...report });
      await settle();
      await place.yard.clock.advance(250);
    }
    stop.abort();
    await Promise.all([ada, bob]);
    expect(events[0]).toEqual(['ada', { type: 'report', worker: mk4.id, live: report }]);
    expect(events.filter((one) => (one as string[])[0] !== 'ada')).toEqual([]);
  });
});

describe('/v1/files', () => {
  it('keeps files under names, for their owner; bytes come back as they were', async () => {
    await using place = await openApiYard();
    const { files } = place.as('ada');
    const one = await files.keep('../../part.gcode', gcode);
    expect(one).toMatchObject({ name: 'part.gcode', size: gcode.length });
    await files.keep('part.gcode', 'G28\n');
    expect((await files.kept()).length).toBe(2);
    expect(await files.showKept(one.id)).toEqual(one);
    expect(Buffer.from(await new Response(await files.downloadKept(one.id)).arrayBuffer())).toEqual(gcode);
    const bob = place.as('bob').files;
    expect(await bob.kept()).toEqual([]);
    for (const call of [bob.showKept(one.id), bob.downloadKept(one.id), bob.removeKept(one.id)]) {
      expect(await code(call)).toBe('not_found');
    }
    await files.removeKept(one.id);
    expect((await files.kept()).map(({ size }) => size)).toEqual([4]);
  });
});

describe('names of kept files', () => {
  it('that are cut in the middle of a character are downloaded all the same', async () => {
    await using place = await openApiYard();
    const { files } = place.as('ada');
    const { id, name } = await files.keep(`${'a'.repeat(254)}\u{1f600}`, gcode);
    expect(name.isWellFormed()).toBe(true);
    expect(Buffer.from(await new Response(await files.downloadKept(id)).arrayBuffer())).toEqual(gcode);
  });
});

describe('/v1/agents', () => {
  it('says where no agents come in', async () => {
    await using place = await openApiYard();
    expect(await code(place.as('ada').agents.create({ name: 'attic' }))).toBe('unsupported');
    expect(await place.as('ada').agents.list()).toEqual([]);
    expect(await code(place.as('ada').agents.remove('0'.repeat(36)))).toBe('not_found');
  });
});
