import { expect, test } from 'vitest';
import { until } from '../lib/until.ts';
import { cold, Ears, type Frame, isAnswer, ScriptedAgent, said } from './lib/peers.ts';
import { openFarm, openPlace, printerId, taskOf } from './lib/place.ts';

const nobody = '00000000-0000-4000-8000-000000000000';

/** The legacy frame of the front end, and its answers. */
const legacy = (body: unknown, message_type = 'UserAuthentication') => ({ body, message_type });

test('printerlynx §8.15 the front end\u2019s frame gets the front end\u2019s answer; nothing that follows is not JSON', async () => {
  await using place = await openPlace();
  const user = await place.user();
  const garage = await user.makeAgent('Garage');
  const { uuid } = await user.json<{ uuid: string }>('GET', '/accounts/me');
  const ears = await Ears.open(place.port, '/ws');
  const next = async (): Promise<unknown> => JSON.parse(await ears.wire.hearText());
  ears.wire.say(legacy('not a token'));
  expect(await next()).toEqual({ body: 'Invalid token', message_type: 'Error' });
  ears.wire.say(legacy('{}', 'Agent'));
  expect(await next()).toEqual({ body: 'Session not authenticated', message_type: 'Error' });
  ears.wire.say(legacy(user.token));
  expect(await next()).toEqual({ body: `{"uuid":"${uuid}","authenticated":true}`, message_type: 'UserAuthentication' });
  // The snapshot, as text inside of text.
  const pushed = (await next()) as { body: string; message_type: string };
  expect(pushed.message_type).toBe('Agent');
  expect(JSON.parse(pushed.body)).toEqual({
    ...{ agent_name: 'Garage', agent_identifier: 'Garage', agent_uuid: garage.uuid, status: 'offline' },
  });
  for (const bad of ['{', '[]', 'null', '5', '{"message_type":5,"body":"x"}', JSON.stringify(legacy(null)), '{"type":"x"}']) {
    ears.wire.say(bad);
    expect(await next(), bad).toEqual({ body: 'Error parsing message', message_type: 'Error' });
  }
  ears.wire.frame(0x2, Buffer.from('{}'));
  expect(await next()).toEqual({ body: 'Error parsing message', message_type: 'Error' });
  // No answer to what it does not know; a second authentication is taken without a look at the token.
  ears.wire.say(legacy('{}', 'Printer'));
  ears.wire.say(legacy('another'));
  expect(await next()).toEqual({ body: `{"uuid":"${uuid}","authenticated":true}`, message_type: 'UserAuthentication' });
  const agent = await place.agent(garage.token);
  expect(JSON.parse(((await next()) as { body: string }).body)).toMatchObject({ status: 'online' });
  await agent.report(printerId('ada'));
  const status = (await next()) as { body: string; message_type: string };
  expect(status.message_type).toBe('Printer');
  expect(JSON.parse(status.body)).toMatchObject({ printer_uuid: printerId('ada'), status: 'available', job: null });
});

test('printerlynx §8.16 a second tab hears the same; logout closes what the token opened, and leaves nothing behind', async () => {
  await using place = await openPlace();
  const { user, agent, ears, printer } = await openFarm(place);
  const second = await user.socket('/ws');
  await second.status(() => true);
  await agent.report(printer, { state: { temperature: { ...cold, bed: 30 } } });
  for (const one of [ears, second]) {
    const { state } = await one.status((data) => JSON.stringify(data).includes('"bed":30'));
    expect(state).toEqual({ temperature: { ...cold, bed: 30 } });
  }
  expect(place.door.status().figures).toMatchObject({ users: 2, agents: 1, printers: 1 });
  await second.wire.leave();
  await until(() => place.door.status().figures?.['users'] === 1);
  await user.call('POST', '/auth/logout');
  expect(await ears.wire.closed()).toMatchObject({ code: 4401 });
  await until(() => place.door.status().connections === 1);
  expect(place.door.status().figures).toMatchObject({ users: 0, agents: 1 });
  const again = await Ears.open(place.port);
  expect(await again.ask('authentication', { token: user.token })).toBe('Invalid token');
});

test('printerlynx §8.17 seed dialect: OK for its token, ERROR for a bad one; nothing is pushed before OK', async () => {
  await using place = await openPlace();
  const { user, garage, agent, printer } = await openFarm(place);
  const ears = await Ears.open(place.port);
  const hear = async (): Promise<Frame> => ears.hear();
  await agent.report(printer, { status: 'busy' });
  ears.say('print_job', { type: 'START' });
  expect(await hear()).toEqual({ type: 'print_job', data: { status: 'ERROR', message: 'Session not authenticated' } });
  for (const type of ['printer_command', 'agent_status', 'printer_status']) {
    ears.say(type, { request_id: 'r' });
    const data = { status: 'ERROR', message: 'Session not authenticated', request_id: 'r' };
    expect(await hear()).toEqual({ type, data });
  }
  ears.say('authentication', { token: 'nonsense', request_id: 'first' });
  expect(await hear()).toEqual({
    type: 'authentication',
    data: { status: 'ERROR', message: 'Invalid token', request_id: 'first' },
  });
  expect(await ears.ask('authentication', { token: garage.token })).toBe('Agent tokens must use /api/v1/ws/agent');
  ears.say('authentication', { token: user.token });
  expect(await hear()).toEqual({ type: 'authentication', data: { status: 'OK' } });
  expect((await hear()).type).toBe('agent_status');
  expect((await hear()).type).toBe('printer_status');
  // Once more: the same account is fine, another one is not.
  expect(await ears.ask('authentication', { token: user.token })).toBe('OK');
  const other = await place.user('eve');
  expect(await ears.ask('authentication', { token: other.token })).toBe('Already authenticated');
  expect(await ears.ask('authentication', { token: 'x' })).toBe('Already authenticated');
});

test('printerlynx §8.17 the third failure closes with 4401; what is no message is answered and harms nothing', async () => {
  await using place = await openPlace();
  const user = await place.user();
  const ears = await Ears.open(place.port);
  for (const [bad, type] of [
    ['{', 'error'],
    ['[]', 'error'],
    ['{"data":{}}', 'error'],
    ['{"type":5}', 'error'],
    ['{"type":"dance"}', 'dance'],
    ['{"type":"print_job","data":5}', 'print_job'],
    ['{"message_type":5}', 'error'],
  ] as const) {
    ears.wire.say(bad);
    expect(await ears.hear(), bad).toEqual({ type, data: { status: 'ERROR', message: 'Invalid message' } });
  }
  ears.wire.frame(0x2, Buffer.from('{"type":"authentication"}'));
  expect((await ears.hear()).type).toBe('error');
  ears.say('authentication', { token: user.token, more: true });
  expect((await ears.hear()).data['status']).toBe('OK');
  const stranger = await Ears.open(place.port);
  for (let i = 0; i < 3; i++) expect(await stranger.ask('authentication', { token: i === 0 ? 5 : 'x' })).toBe('Invalid token');
  expect((await stranger.wire.closed()).code).toBe(4401);
});

test('printerlynx §8.18 an agent gets success; a bad token or a user\u2019s gets the fixed words', async () => {
  await using place = await openPlace();
  const user = await place.user();
  const { token } = await user.makeAgent('Garage');
  for (const path of ['/api/v1/ws/agent', '/agents/ws']) {
    const agent = await Ears.open(place.port, path);
    agent.say('printer_status', {});
    expect((await agent.hear()).data).toEqual({ status: 'ERROR', message: 'Session not authenticated' });
    for (const wrong of ['x', user.token]) {
      agent.say('authentication', { token: wrong });
      expect(await agent.hear()).toEqual({ type: 'authentication', data: { status: 'error', message: 'Invalid token' } });
    }
    agent.say('authentication', { token: token.toUpperCase(), version: '1.0.0' });
    expect(await agent.hear()).toEqual({ type: 'authentication', data: { status: 'success' } });
    await agent.wire.leave();
  }
});

test('printerlynx §8.19 silence, or talk without a token, for 10 s closes either socket with 4408; one that is known stays', async () => {
  await using place = await openPlace();
  const user = await place.user();
  const known = await user.socket();
  const silent = await Promise.all(
    ['/api/v1/ws', '/api/v1/ws/agent', '/ws', '/agents/ws'].map((path) => Ears.open(place.port, path)),
  );
  await place.clock.advance(9_999);
  silent[0]!.say('print_job', {});
  expect(said(await silent[0]!.hear())).toBe('Session not authenticated');
  await place.clock.advance(1);
  for (const ears of silent) expect((await ears.wire.closed()).code).toBe(4408);
  expect(await known.ask('authentication', { token: user.token })).toBe('OK');
});

test('printerlynx §8.20 the snapshot, then what comes and goes: offline first, then unavailable with four keys', async () => {
  await using place = await openPlace();
  const { user, garage, agent, printer } = await openFarm(place);
  const attic = await user.makeAgent('Attic');
  const ears = await user.socket();
  const who = { agent_uuid: garage.uuid, printer_uuid: printer, printer_identifier: 'Mk3 left' };
  const adapter = { printer_adapter_identifier: 'SERIAL', printer_adapter_interface: '/dev/ttyUSB0' };
  const names = (name: string) => ({ agent_name: name, agent_identifier: name });
  expect(await ears.wire.hearAll(3)).toEqual([
    { type: 'agent_status', data: { ...names('Garage'), agent_uuid: garage.uuid, status: 'online' } },
    { type: 'agent_status', data: { ...names('Attic'), agent_uuid: attic.uuid, status: 'offline' } },
    { type: 'printer_status', data: { ...who, ...adapter, status: 'available', job: null, state: { temperature: cold } } },
  ]);
  agent.vanish();
  expect(await ears.wire.hearAll(2)).toEqual([
    { type: 'agent_status', data: { ...names('Garage'), agent_uuid: garage.uuid, status: 'offline' } },
    { type: 'printer_status', data: { ...who, status: 'unavailable' } },
  ]);
  const late = await user.socket();
  expect((await late.wire.hearAll(3)).map(({ data }) => (data as { status: string }).status)).toEqual([
    'offline',
    'offline',
    'unavailable',
  ]);
  const back = await place.agent(garage.token);
  expect((await ears.hear()).data['status']).toBe('online');
  await back.report(printer);
  expect((await ears.hear()).data).toMatchObject({ ...who, status: 'available' });
});

test('printerlynx §8.21 START reaches the agent with all it needs; progress never falls; available and null at the end', async () => {
  await using place = await openPlace();
  const { user, garage, file, agent, ears, who, printer } = await openFarm(place);
  expect(await ears.ask('print_job', { ...who, type: 'START', print_file_uuid: file.uuid.toUpperCase() })).toBe('OK');
  const start = await agent.told('START');
  expect(start).toEqual({
    ...{ type: 'START', request_id: expect.any(String), job_uuid: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    ...{ printer_uuid: printer, print_file_uuid: file.uuid, name: 'bracket.gcode', size: file.size, checksum: file.checksum },
    download_path: `/api/v1/files/${file.uuid}/download`,
  });
  const fetched = await user.call('GET', `/files/${file.uuid}/download`, undefined, { authorization: `Bearer ${garage.token}` });
  expect([fetched.status, fetched.text]).toEqual([200, 'G28\nG1 X1\n']);
  // The agent deletes nothing and reads nothing else.
  const asAgent = (method: string, path: string) =>
    user.call(method, path, undefined, { authorization: `Bearer ${garage.token}` });
  expect((await asAgent('GET', `/files/${file.uuid}`)).status).toBe(200);
  const others = ['GET /files', `DELETE /files/${file.uuid}`, 'GET /agents', `GET /printfiles/${file.uuid}`, 'GET /accounts/me'];
  for (const other of [...others, `GET /files/${nobody}`]) {
    const [method = '', path = ''] = other.split(' ');
    expect([other, (await asAgent(method, path)).status]).toEqual([other, 401]);
  }
  agent.agrees(start);
  const shown = (data: Frame['data']) => data['job'] as { progress: number; state: string; job_uuid: string } | null;
  const heard: number[] = [];
  for (const [progress, state, expected] of [
    [0, 'starting', { progress: 0, state: 'starting' }],
    [0.42, 'printing', { progress: 0.42, state: 'printing' }],
    // Bad values, and what would fall, are left out one by one.
    [0.3, 'paused', { progress: 0.42, state: 'paused' }],
    [1.7, 'printing', { progress: 0.42, state: 'printing' }],
    [1, 'dancing', { progress: 1, state: 'printing' }],
  ] as const) {
    await agent.prints(printer, start, progress, state);
    const frames = await ears.all(
      ({ data }) => shown(data)?.progress === expected.progress && shown(data)?.state === state.replace('dancing', 'printing'),
    );
    heard.push(...frames.flatMap(({ data }) => shown(data)?.progress ?? []));
    expect(frames.at(-1)?.data).toMatchObject({
      status: 'busy',
      job: { ...expected, job_uuid: start['job_uuid'], print_file_uuid: file.uuid, name: 'bracket.gcode', size: file.size },
    });
  }
  expect(heard).toEqual([...heard].sort((a, b) => a - b));
  agent.finished(start, 'completed');
  await agent.report(printer);
  expect(await ears.status(({ status }) => status === 'available')).toMatchObject({ job: null });
  // Once more, as agents do after a connection broke: nothing happens.
  agent.finished(start, 'failed', 'late');
  await agent.report(printer);
  await ears.status(({ status }) => status === 'available');
  expect(await taskOf(place, 1)).toMatchObject({ state: { state: 'succeeded' } });
});

test('printerlynx §8.22 every check in its order, with its own words', async () => {
  await using place = await openPlace();
  const { garage, file, agent, ears, who, printer, user } = await openFarm(place);
  const eve = await openFarm(place, 'eve');
  const ask = async (type: string, data: object): Promise<string> => {
    // Not too many in one second.
    await place.clock.advance(100);
    return ears.ask(type, { ...who, ...data });
  };
  const job = (type: string, more: object = {}) => ask('print_job', { print_file_uuid: file.uuid, type, ...more });
  const command = (text: unknown, more: object = {}) => ask('printer_command', { command: text, ...more });
  expect(await ears.ask('print_job', {})).toBe('Invalid message: type');
  expect(await job('START', { type: 5 })).toBe('Invalid message: type');
  expect(await job('START', { agent_uuid: 'x' })).toBe('Invalid message: agent_uuid');
  expect(await job('START', { printer_uuid: `${printer}0` })).toBe('Invalid message: printer_uuid');
  expect(await job('START', { print_file_uuid: undefined })).toBe('Invalid message: print_file_uuid');
  expect(await job('DANCE', { print_file_uuid: 'x' })).toBe('Invalid message: print_file_uuid');
  expect(await job('DANCE', { agent_uuid: nobody })).toBe('Unknown print job type');
  expect(await job('start')).toBe('Unknown print job type');
  expect(await command(5)).toBe('Invalid message: command');
  // Others' things are as unknown ones, on top of everything else.
  for (const agent_uuid of [nobody, eve.garage.uuid]) {
    expect(await job('START', { agent_uuid, printer_uuid: eve.printer })).toBe('Agent not found');
    expect(await command('M112', { agent_uuid })).toBe('Agent not found');
  }
  for (const printer_uuid of [nobody, eve.printer]) {
    expect(await job('START', { printer_uuid, print_file_uuid: nobody })).toBe('Printer not found');
    expect(await command('nonsense', { printer_uuid })).toBe('Printer not found');
  }
  const gone = await user.upload('gone.gcode', 'G28\n');
  await user.call('DELETE', `/files/${gone.uuid}`);
  for (const print_file_uuid of [nobody, eve.file.uuid, gone.uuid]) {
    expect(await job('START', { print_file_uuid })).toBe('No file found');
  }
  for (const word of ['PAUSE', 'RESUME', 'CANCEL']) expect(await job(word)).toBe('No active print job');
  expect(await job('START')).toBe('OK');
  expect(await job('START')).toBe('Printer is busy');
  expect(await job('PAUSE', { print_file_uuid: nobody })).toBe('Print file does not match the active job');
  const start = await agent.told('START');
  await agent.prints(printer, start, 0.1);
  await ears.status(({ job }) => (job as { progress: number } | null)?.progress === 0.1);
  for (const [text, words] of [
    ['', 'Command is not valid'],
    ['   ', 'Command is not valid'],
    ['G28\nM104 S200', 'Command must be a single line'],
    ['G28\r\n', 'Command must be a single line'],
    ['G28\u0000', 'Command must be a single line'],
    [`M117 ${'x'.repeat(76)}`, 'Command is too long'],
    ['HELLO', 'Command is not valid'],
    ['G', 'Command is not valid'],
    ...['M110', 'M28', 'm029', 'M30', 'M32', 'M0', 'M1', 'M997', 'M500', 'M501 ', 'M502'].map(
      (one) => [one, 'Command is not allowed'] as const,
    ),
    ['G28', 'Printer is busy'],
    ['  g1 X5', 'Printer is busy'],
    ['M104 S200', 'OK'],
    [`M117 ${'x'.repeat(75)}`, 'OK'],
  ] as const) {
    expect([text, await command(text)]).toEqual([text, words]);
  }
  expect(await agent.told('printer_command')).toMatchObject({ command: 'M104 S200', printer_uuid: printer });
  await agent.prints(printer, start, 0.2, 'paused');
  await ears.status(({ job }) => (job as { state: string } | null)?.state === 'paused');
  expect(await job('START')).toBe('Printer is busy');
  expect(await command(' G28 ')).toBe('OK');
  await agent.until(({ data }) => data['command'] === 'G28');
  await agent.report(printer, { status: 'unavailable' });
  await ears.status(({ status }) => status === 'unavailable');
  for (const word of ['START', 'PAUSE']) expect(await job(word)).toBe('Printer is unavailable');
  expect(await command('nonsense')).toBe('Printer is unavailable');
  agent.vanish();
  await ears.until(({ data }) => data['status'] === 'offline' && data['agent_uuid'] === garage.uuid);
  for (const word of ['START', 'CANCEL']) expect(await job(word)).toBe('Agent is offline');
  for (const text of ['G28', 'M112', 'nonsense']) expect(await command(text)).toBe('Agent is offline');
});

test('printerlynx §8.22 two STARTs at once, from two tabs: exactly one OK, the other busy', async () => {
  await using place = await openPlace();
  const { user, file, agent, ears, who } = await openFarm(place);
  const tabs = [ears, await user.socket(), await user.socket()];
  const answers = await Promise.all(
    tabs.map((tab) => tab.ask('print_job', { ...who, type: 'START', print_file_uuid: file.uuid })),
  );
  expect(answers.sort()).toEqual(['OK', 'Printer is busy', 'Printer is busy']);
  agent.agrees(await agent.told('START'));
});

test('printerlynx §8.23 PAUSE, RESUME and CANCEL reach the agent in order; what is so already is OK', async () => {
  await using place = await openPlace();
  const { file, agent, ears, who, printer } = await openFarm(place);
  const job = (type: string) => ears.ask('print_job', { ...who, type });
  const state = (word: string) => ears.status(({ job }) => (job as { state: string } | null)?.state === word);
  await ears.ask('print_job', { ...who, type: 'START', print_file_uuid: file.uuid });
  const start = await agent.told('START');
  await agent.prints(printer, start, 0.1);
  await state('printing');
  expect(await job('RESUME')).toBe('OK');
  expect(await job('PAUSE')).toBe('OK');
  const pause = await agent.told('PAUSE');
  expect(pause).toMatchObject({ job_uuid: start['job_uuid'], printer_uuid: printer, print_file_uuid: file.uuid });
  expect(await job('PAUSE')).toBe('OK');
  await agent.prints(printer, start, 0.1, 'paused');
  await state('paused');
  expect(await job('PAUSE')).toBe('OK');
  // In quick succession, while no report has come: the last word counts.
  for (const word of ['RESUME', 'PAUSE', 'RESUME', 'PAUSE']) expect(await job(word)).toBe('OK');
  for (const word of ['RESUME', 'PAUSE', 'RESUME', 'PAUSE']) {
    expect((await agent.until(({ type }) => type === 'print_job')).data['type']).toBe(word);
  }
  expect(await job('RESUME')).toBe('OK');
  await agent.told('RESUME');
  // A person at the printer pauses it; the page can go on with it.
  await agent.prints(printer, start, 0.2, 'paused');
  await state('paused');
  expect(await job('RESUME')).toBe('OK');
  await agent.told('RESUME');
  expect(await job('CANCEL')).toBe('OK');
  await agent.told('CANCEL');
  expect(await job('CANCEL')).toBe('OK');
  agent.finished(start, 'cancelled');
  await agent.report(printer);
  await ears.status(({ status }) => status === 'available');
  expect(await job('CANCEL')).toBe('No active print job');
});

test('printerlynx §8.25 another account sees nothing and learns nothing', async () => {
  await using place = await openPlace();
  const ada = await openFarm(place);
  const eve = await place.user('eve');
  const ears = await eve.socket();
  await ada.agent.prints(ada.printer, { job_uuid: nobody, name: 'x', size: 5 }, 0.5);
  await ada.ears.status(({ status }) => status === 'busy');
  ada.agent.vanish();
  await ada.ears.status(({ status }) => status === 'unavailable');
  // The only thing that she ever hears is her own answer.
  ears.say('authentication', { token: eve.token, request_id: 'mine' });
  expect((await ears.hear()).data).toEqual({ status: 'OK', request_id: 'mine' });
  const known = [
    `/files/${ada.file.uuid}`,
    `/files/${ada.file.uuid}/download`,
    `/agents/${ada.garage.uuid}`,
    `/printfiles/${ada.file.uuid}`,
  ];
  for (const path of known) {
    const unknown = await eve.call('GET', path.replace(/[0-9a-f-]{36}/, nobody));
    const foreign = await eve.call('GET', path);
    expect([foreign.status, foreign.text]).toEqual([404, unknown.text]);
    expect((await eve.call('DELETE', path)).status).not.toBe(200);
  }
  const renamed = await eve.call('PUT', `/agents/${ada.garage.uuid}`, { name: 'mine', description: '' });
  expect([renamed.status, renamed.text]).toEqual([404, '{"status":"404 Not Found","message":"Agent not found"}']);
  // A printer of somebody else's, claimed by her own agent.
  const shed = await eve.makeAgent('Shed');
  const agent = await place.agent(shed.token);
  await agent.report(ada.printer);
  expect((await agent.hear()).data).toMatchObject({ status: 'ERROR', message: 'Printer belongs to another agent' });
  expect(await eve.json('GET', '/files')).toEqual([]);
  expect((await ada.user.call('GET', `/files/${ada.file.uuid}`)).status).toBe(200);
});

/** The seed document's examples, made strict. */
test('printerlynx §8.30 the examples of the original document are parts of what is on the wire', async () => {
  await using place = await openPlace();
  const { garage, file, agent, ears, who, printer, user } = await openFarm(place);
  const all: Frame[] = [];
  const stranger = await Ears.open(place.port);
  stranger.say('authentication', { token: 'bad' });
  all.push(await stranger.hear());
  stranger.say('authentication', { token: user.token });
  all.push(await stranger.hear());
  const strange = await Ears.open(place.port, '/api/v1/ws/agent');
  strange.say('authentication', { token: 'bad' });
  all.push(await strange.hear());
  const answer = async (type: string, data: object): Promise<void> => {
    ears.say(type, { ...who, ...data });
    all.push(...(await ears.all(isAnswer)));
  };
  await answer('print_job', { type: 'START', print_file_uuid: file.uuid });
  await answer('print_job', { type: 'START', print_file_uuid: file.uuid });
  const start = await agent.told('START');
  await agent.prints(printer, start, 0.42, 'printing', { state: { temperature: { ...cold, bed: 60, tool0: 210.3 } } });
  all.push(...(await ears.all(({ data }) => JSON.stringify(data).includes('0.42'))));
  await answer('printer_command', { command: 'M104 S200' });
  agent.finished(start, 'completed');
  await agent.report(printer);
  all.push(...(await ears.all(({ data }) => data['status'] === 'available')));
  agent.vanish();
  all.push(...(await ears.all(({ data }) => data['status'] === 'unavailable')));
  const back = await ScriptedAgent.enter(place.port, garage.token);
  all.push(await ears.hear());
  all.push({ type: 'authentication', data: { status: 'success' } });
  await back.wire.leave();
  const uuid = { agent_uuid: garage.uuid };
  const place_ = { ...uuid, printer_uuid: printer, printer_identifier: 'Mk3 left' };
  const adapter = { printer_adapter_identifier: 'SERIAL', printer_adapter_interface: '/dev/ttyUSB0' };
  const examples = [
    { type: 'authentication', data: { status: 'OK' } },
    { type: 'authentication', data: { status: 'ERROR', message: 'Invalid token' } },
    { type: 'authentication', data: { status: 'error', message: 'Invalid token' } },
    { type: 'print_job', data: { status: 'OK' } },
    { type: 'print_job', data: { status: 'ERROR', message: 'Printer is busy' } },
    { type: 'printer_command', data: { status: 'OK' } },
    { type: 'agent_status', data: { agent_name: 'Garage', ...uuid, status: 'online' } },
    { type: 'agent_status', data: { agent_identifier: 'Garage', ...uuid, status: 'offline' } },
    { type: 'printer_status', data: { ...place_, ...adapter, status: 'available', job: null, state: { temperature: cold } } },
    { type: 'printer_status', data: { ...place_, status: 'unavailable' } },
    {
      type: 'printer_status',
      data: {
        ...{ ...place_, ...adapter, status: 'busy' },
        job: { print_file_uuid: file.uuid, name: 'bracket.gcode', size: file.size, progress: 0.42 },
        state: { temperature: { ...cold, bed: 60, tool0: 210.3 } },
      },
    },
  ];
  for (const example of examples) expect(all).toContainEqual(objectPart(example));
});

/** Every object in it may have more than is written. */
function objectPart(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return expect.objectContaining(Object.fromEntries(Object.entries(value).map(([key, one]) => [key, objectPart(one)])));
}
