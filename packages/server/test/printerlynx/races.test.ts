import { expect, test } from 'vitest';
import { admin, ok } from '../engine/lib/yard.ts';
import { until } from '../lib/until.ts';
import { cold, type Data } from './lib/peers.ts';
import { type Farm, lastAttemptOf, openFarm, openPlace, type Place, printerId, taskOf } from './lib/place.ts';

/** A print that the agent has begun. */
async function printing(farm: Farm, progress = 0.1): Promise<Data> {
  const { agent, ears, file, who, printer } = farm;
  expect(await ears.ask('print_job', { ...who, type: 'START', print_file_uuid: file.uuid })).toBe('OK');
  const start = await agent.told('START');
  agent.agrees(start);
  await agent.prints(printer, start, progress);
  await ears.status(({ job }) => (job as { progress: number } | null)?.progress === progress);
  return start;
}

const stateOf = async (place: Place, id = 1): Promise<string> => (await taskOf(place, id)).state.state;
const errorOf = async (place: Place, id = 1): Promise<string | null> => (await lastAttemptOf(place, id))?.error ?? null;

test('an agent that comes back with the same job goes on with it; the progress does not fall', async () => {
  await using place = await openPlace();
  const farm = await openFarm(place);
  const start = await printing(farm, 0.5);
  farm.agent.vanish();
  await farm.ears.status(({ status }) => status === 'unavailable');
  await place.clock.advance(3_600_000);
  const back = await place.agent(farm.garage.token);
  await back.prints(farm.printer, start, 0.4);
  const { job } = await farm.ears.status(({ status }) => status === 'busy');
  expect(job).toMatchObject({ progress: 0.5, job_uuid: start['job_uuid'] });
  back.finished(start, 'completed');
  await until(async () => (await stateOf(place)) === 'succeeded');
});

test.each([
  ['no job', (_: Data) => ({ status: 'available' })],
  ['another job', (start: Data) => ({ status: 'busy', job: { ...start, job_uuid: printerId('other'), progress: 0.2 } })],
])(
  'an agent that comes back with %s has lost it: failed, in these words, and the printer is free or busy as it says',
  async (_, said) => {
    await using place = await openPlace();
    const farm = await openFarm(place);
    const start = await printing(farm);
    farm.agent.vanish();
    await farm.ears.status(({ status }) => status === 'unavailable');
    const back = await place.agent(farm.garage.token);
    await back.report(farm.printer, said(start));
    const shown = await farm.ears.status(({ status }) => status !== 'unavailable');
    expect(shown).toMatchObject({ status: said(start).status, job: null });
    expect([await stateOf(place), await errorOf(place)]).toEqual(['failed', 'Agent lost the job']);
    // Whatever it does of its own, nothing is given to it meanwhile.
    const { mode } = ok(await place.yard.engine.query.worker(admin, 1));
    expect(mode).toBe(said(start).status === 'available' ? 'awake' : 'draining');
  },
);

test('FINISHED before the first report is honoured, and so is one that is late', async () => {
  await using place = await openPlace();
  const farm = await openFarm(place);
  const start = await printing(farm);
  farm.agent.vanish();
  await farm.ears.status(({ status }) => status === 'unavailable');
  const back = await place.agent(farm.garage.token);
  back.finished(start, 'completed');
  await back.report(farm.printer);
  await farm.ears.status(({ status }) => status === 'available');
  expect(await stateOf(place)).toBe('succeeded');
});

test('killed agents say unavailable first: the print waits for the truth, which comes as FINISHED', async () => {
  await using place = await openPlace();
  const farm = await openFarm(place);
  const start = await printing(farm);
  farm.agent.vanish();
  await farm.ears.status(({ status }) => status === 'unavailable');
  const back = await place.agent(farm.garage.token);
  await back.report(farm.printer, { status: 'unavailable' });
  await place.clock.advance(110_000);
  await back.report(farm.printer, { status: 'unavailable' });
  expect(await stateOf(place)).toBe('running');
  back.finished(start, 'failed', 'The agent was restarted in the middle of the print');
  await back.report(farm.printer);
  await farm.ears.status(({ status }) => status === 'available');
  expect(await errorOf(place)).toBe('The agent was restarted in the middle of the print');
});

test.each([
  ['it is available', 0, 'available'],
  ['minutes have passed', 301_000, 'unavailable'],
])('no FINISHED after unavailable: lost when %s', async (_, wait, status) => {
  await using place = await openPlace();
  const farm = await openFarm(place);
  await printing(farm);
  farm.agent.vanish();
  await farm.ears.status(({ status }) => status === 'unavailable');
  const back = await place.agent(farm.garage.token);
  await back.report(farm.printer, { status: 'unavailable' });
  for (let at = 0; at < wait; at += 50_000) {
    await back.report(farm.printer, { status: 'unavailable' });
    await place.clock.advance(50_000);
  }
  await back.report(farm.printer, { status });
  await until(async () => (await stateOf(place)) === 'failed');
  expect(await errorOf(place)).toBe('Agent lost the job');
});

test('a report without the job in mid-connection is not the end; for half a minute it is', async () => {
  await using place = await openPlace();
  const farm = await openFarm(place);
  const start = await printing(farm);
  await farm.agent.report(farm.printer);
  await place.clock.advance(29_000);
  await farm.agent.prints(farm.printer, start, 0.2);
  await farm.ears.status(({ job }) => (job as { progress: number } | null)?.progress === 0.2);
  await farm.agent.report(farm.printer);
  await place.clock.advance(10_000);
  await farm.agent.report(farm.printer);
  await place.clock.advance(21_000);
  expect(await stateOf(place)).toBe('running');
  await farm.agent.report(farm.printer);
  await farm.ears.status(({ status }) => status === 'available');
  expect(await errorOf(place)).toBe('Agent lost the job');
});

test('START is answered late, or never: its ERROR ends the print with its words', async () => {
  await using place = await openPlace();
  const farm = await openFarm(place);
  const { agent, ears, file, who, printer } = farm;
  await ears.ask('print_job', { ...who, type: 'START', print_file_uuid: file.uuid });
  const start = await agent.told('START');
  // The download takes its time; reports of before may still come.
  for (let i = 0; i < 20; i++) {
    await agent.report(printer);
    await place.clock.advance(29_000);
  }
  expect(await stateOf(place)).toBe('running');
  agent.refuses(start, 'Checksum mismatch');
  await until(async () => (await stateOf(place)) === 'failed');
  expect(await errorOf(place)).toBe('Checksum mismatch');
  await agent.report(printer);
  await ears.status(({ status }) => status === 'available');
  // The answer once more hurts nobody.
  agent.refuses(start, 'again');
  agent.finished(start, 'completed');
  await agent.report(printer);
  await ears.status(({ status }) => status === 'available');
  expect(await stateOf(place)).toBe('failed');
});

test('the newest connection of an agent wins: 4409 for the old one, and no flicker', async () => {
  await using place = await openPlace();
  const farm = await openFarm(place);
  const start = await printing(farm, 0.3);
  const newer = await place.agent(farm.garage.token);
  expect(await farm.agent.wire.closed()).toMatchObject({ code: 4409 });
  // It has not said a word yet, and is told all the same.
  expect(await farm.ears.ask('print_job', { ...farm.who, type: 'PAUSE' })).toBe('OK');
  await newer.told('PAUSE');
  await newer.prints(farm.printer, start, 0.4, 'paused');
  const heard = await farm.ears.all(({ data }) => (data['job'] as { progress: number } | null)?.progress === 0.4);
  expect(heard.map(({ type, data }) => [type, data['status']])).not.toContainEqual(['agent_status', 'offline']);
  expect(new Set(heard.filter(({ type }) => type === 'printer_status').map(({ data }) => data['status']))).toEqual(
    new Set(['busy']),
  );
  newer.finished(start, 'completed');
  await until(async () => (await stateOf(place)) === 'succeeded');
});

test('a printer that the newer connection does not report is unavailable after a minute; one that goes at once takes it along', async () => {
  await using place = await openPlace();
  const farm = await openFarm(place);
  const newer = await place.agent(farm.garage.token);
  await farm.agent.wire.closed();
  await place.clock.advance(29_000);
  expect((await (await farm.user.socket()).status(() => true))['status']).toBe('available');
  await place.clock.advance(31_000);
  await farm.ears.status(({ status }) => status === 'unavailable');
  await newer.report(farm.printer);
  await farm.ears.status(({ status }) => status === 'available');
  const newest = await place.agent(farm.garage.token);
  await newer.wire.closed();
  newest.vanish();
  await farm.ears.status(({ status }) => status === 'unavailable');
});

test('two first reports of one printer make one worker; of two agents only one has it', async () => {
  await using place = await openPlace();
  const user = await place.user();
  const [one, two] = [await user.makeAgent('One'), await user.makeAgent('Two')];
  const agents = [await place.agent(one.token), await place.agent(two.token)];
  const printer = printerId('same');
  for (const agent of agents) {
    await agent.report(printer);
    await agent.report(printer.toUpperCase());
  }
  const refused = await Promise.race(agents.map((agent) => agent.hear()));
  expect(refused.data).toEqual({ status: 'ERROR', message: 'Printer belongs to another agent', printer_uuid: printer });
  expect(await place.yard.engine.query.workers(admin)).toHaveLength(1);
  // An owner's agent that is gone leaves its printers to the next one.
  await user.call('DELETE', `/agents/${one.uuid}`);
  await user.call('DELETE', `/agents/${two.uuid}`);
  const three = await place.agent((await user.makeAgent('Three')).token);
  const ears = await user.socket();
  await three.report(printer);
  expect(await ears.status(({ status }) => status === 'available')).toMatchObject({ printer_uuid: printer });
});

test('a worker that is forgotten while it reports comes back as a new one', async () => {
  await using place = await openPlace();
  const farm = await openFarm(place);
  ok(await place.yard.engine.command(admin, 'forget', { worker: 1, force: true }));
  await until(() => place.door.status().figures?.['printers'] === 0);
  await farm.agent.report(farm.printer);
  await farm.ears.status(({ status }) => status === 'available');
  expect((await place.yard.engine.query.workers(admin)).map(({ id }) => id)).toEqual([2]);
  expect(await farm.ears.ask('print_job', { ...farm.who, type: 'START', print_file_uuid: farm.file.uuid })).toBe('OK');
  await farm.agent.told('START');
});

test.each([
  ['soon', 120_000, 'stopping'],
  ['after it was given up', 86_400_001, 'canceled'],
])('a print that was cancelled while nobody could tell the agent is cancelled when it is back %s', async (_, away, state) => {
  await using place = await openPlace();
  const farm = await openFarm(place);
  const start = await printing(farm);
  farm.agent.vanish();
  await farm.ears.status(({ status }) => status === 'unavailable');
  ok(await place.yard.engine.command(admin, 'stop', { task: 1, goal: 'canceled', reason: 'user', kill: true }));
  await place.clock.advance(away);
  await until(async () => (await stateOf(place)) === state);
  const back = await place.agent(farm.garage.token);
  await back.prints(farm.printer, start, 0.6);
  expect(await back.told('CANCEL')).toMatchObject({ job_uuid: start['job_uuid'], printer_uuid: farm.printer });
  back.finished(start, 'cancelled');
  await back.report(farm.printer);
  await farm.ears.status(({ status }) => status === 'available');
  expect(await stateOf(place)).toBe('canceled');
});

test('M112 does not wait for what was asked before it, skips the checks, and ends the print as Emergency stop', async () => {
  await using place = await openPlace();
  const farm = await openFarm(place);
  const { agent, ears, who, printer } = farm;
  const start = await printing(farm);
  await agent.report(printer, { status: 'unavailable' });
  await ears.status(({ status }) => status === 'unavailable');
  ears.say('printer_command', { ...who, command: ' m112\nG28 ', request_id: 'stop' });
  const told = await agent.told('printer_command');
  expect(told).toEqual({ printer_uuid: printer, command: 'M112' });
  expect((await ears.until(({ type }) => type === 'printer_command')).data).toEqual({ status: 'OK', request_id: 'stop' });
  agent.finished(start, 'failed');
  await until(async () => (await stateOf(place)) === 'failed');
  expect(await errorOf(place)).toBe('Emergency stop');
});

test('M112 behind a flood of requests goes out first; the answers keep their order', async () => {
  await using place = await openPlace();
  const { agent, ears, who, file } = await openFarm(place);
  ears.wire.socket.cork();
  for (let i = 0; i < 5; i++) ears.say('print_job', { ...who, type: 'START', print_file_uuid: file.uuid, request_id: `${i}` });
  ears.say('printer_command', { ...who, command: 'M112', request_id: '5' });
  ears.wire.socket.uncork();
  expect((await agent.hear()).data).toMatchObject({ command: 'M112' });
  const answers: unknown[] = [];
  while (answers.length < 6) answers.push((await ears.until(({ data }) => data['request_id'] !== undefined)).data['request_id']);
  expect(answers).toEqual(['0', '1', '2', '3', '4', '5']);
});

test('the server restarts: nobody is online, the print waits for its agent\u2019s word and goes on', async () => {
  await using place = await openPlace();
  const farm = await openFarm(place);
  const start = await printing(farm);
  farm.ears.say('print_job', { ...farm.who, type: 'PAUSE' });
  await farm.agent.told('PAUSE');
  await place.restart();
  expect((await farm.ears.wire.closed()).code).toBe(1001);
  expect((await farm.agent.wire.closed()).code).toBe(1001);
  const user = Object.assign(Object.create(farm.user) as typeof farm.user, { port: place.port });
  const ears = await user.socket();
  expect((await ears.wire.hearAll(2)).map(({ data }) => (data as Data)['status'])).toEqual(['offline', 'unavailable']);
  const back = await place.agent(farm.garage.token);
  await back.prints(farm.printer, start, 0.5, 'paused');
  const { job } = await ears.status(({ job }) => (job as Data | null)?.['state'] === 'paused');
  expect(job).toMatchObject({ progress: 0.5, job_uuid: start['job_uuid'] });
  expect(await ears.ask('print_job', { ...farm.who, type: 'RESUME' })).toBe('OK');
  await back.told('RESUME');
  back.finished(start, 'completed');
  await until(async () => (await stateOf(place)) === 'succeeded');
});

test('a day without its agent: the print is given up', async () => {
  await using place = await openPlace();
  const farm = await openFarm(place);
  await printing(farm);
  farm.agent.vanish();
  await farm.ears.status(({ status }) => status === 'unavailable');
  await place.clock.advance(86_400_000 - 60_000);
  expect(await stateOf(place)).toBe('running');
  await place.clock.advance(61_000);
  await until(async () => (await stateOf(place)) === 'failed');
}, 60_000);

test('bad values in reports are left out one by one; a report without its fields is named', async () => {
  await using place = await openPlace();
  const { agent, ears, printer } = await openFarm(place);
  await agent.report(printer, {
    ...{ status: 'BUSY', agent_uuid: printerId('eve'), printer_identifier: 'a\u001b[2Jb', last_error: 5 },
    state: { temperature: { ...cold, bed: 'hot', tool0: 1e9, tool7: 5 }, target: { bed: 60 } },
    job: [],
  });
  const shown = await ears.status(({ status }) => status === 'busy');
  expect(shown['printer_identifier']).not.toContain('\u001b');
  expect(shown['agent_uuid']).not.toBe(printerId('eve'));
  expect(shown['state']).toEqual({
    temperature: { ...cold, bed: 0, tool0: 0 },
    target: { bed: 60, tool0: 0, tool1: 0, tool2: 0, tool3: 0 },
  });
  expect(shown).toMatchObject({ job: null });
  for (const [more, field] of [
    [{ printer_uuid: 'x' }, 'printer_uuid'],
    [{ status: 'asleep' }, 'status'],
    [{ printer_identifier: 5 }, 'printer_identifier'],
  ] as const) {
    await agent.report(printer, more);
    expect((await agent.hear()).data['message']).toBe(`Invalid message: ${field}`);
  }
});
