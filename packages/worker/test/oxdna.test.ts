import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { strand } from './lib/oxdna.ts';
import { filesOf, oxdnaPair, seriesOf, stageTask } from './lib/oxdna-yard.ts';
import { eventually, processesWith, Yard } from './lib/yard.ts';

let yard: Yard;
beforeEach(() => {
  yard = new Yard();
});
afterEach(() => yard.close());

const extending = { autoExtend: true, maxExtensions: 20 };
const lives = (pid: number) => existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`, 'latin1') !== '';

test('a stage runs to its end: files, result, progress and series', async () => {
  const { peer, server } = await oxdnaPair(yard);
  peer.run(stageTask(server));
  const end = await peer.got('end');
  expect(end).toMatchObject({ outcome: 'succeeded', exitCode: 0, error: null });
  const result = { extensions: 0, steps: 100, totalSteps: 100, engine: '3.7.0-stand-in', stretched: 0 };
  expect(end.result).toMatchObject(result);
  const files = await filesOf(peer, server);
  const names = ['conf_end.dat', 'conf_start.dat', 'energy.dat', 'input.properties', 'oxDNA.log', 'trajectory.dat'];
  expect(Object.keys(files).sort()).toEqual(names);
  expect(files['conf_end.dat']).toMatch(/^t = 100\n/);
  expect(files['trajectory.dat']?.match(/^t = /gm)).toHaveLength(10);
  expect(files['oxDNA.log']).toContain('INFO: END OF THE SIMULATION');
  expect(peer.output(1, 'err')).toBe(files['oxDNA.log']);
  expect(peer.output(1, 'log')).toMatch(/^# step energy stretched extension\n0 /);
  expect(seriesOf(peer).map(([step]) => step)).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
  const last = peer.all('report').findLast(({ progress }) => progress !== undefined);
  expect(last).toMatchObject({ progress: { done: 100, total: 100, unit: 'steps' } });
});

test('without a trajectory none is written; what the stage says of files and steps is replaced', async () => {
  const { peer, server } = await oxdnaPair(yard);
  const keys = { steps: '2e2', conf_file: 'elsewhere.dat', log_file: 'hidden.log', trajectory_file: 'x', print_conf_interval: 0 };
  peer.run(stageTask(server, { keys, payload: { createTrajectory: false } }));
  expect(await peer.got('end')).toMatchObject({ outcome: 'succeeded' });
  const files = await filesOf(peer, server);
  expect(Object.keys(files)).not.toContain('trajectory.dat');
  const input = files['input.properties'] ?? '';
  expect(input).toContain('trajectory_file = /dev/null\n');
  expect(input).toContain('steps = 100\n');
  expect(input).toContain('conf_file = conf_start.dat\n');
  expect(input).toContain('print_conf_interval = 10\n');
  expect(input).not.toMatch(/elsewhere|hidden|2e2/);
});

test('it is extended inside one attempt until the structure rests; every run leaves its files, and checkpoints say how far it is', async () => {
  const { peer, server, engine } = await oxdnaPair(yard);
  peer.run(stageTask(server, { payload: extending }));
  const end = await peer.got('end');
  expect(end).toMatchObject({ outcome: 'succeeded', result: { extensions: 2, steps: 300, totalSteps: 300, stretched: 0 } });
  expect(engine.starts()).toHaveLength(3);
  const files = await filesOf(peer, server);
  for (const run of ['.ext0', '.ext1', '']) {
    expect(files[`energy${run}.dat`]?.split('\n')).toHaveLength(12);
    expect(files[`trajectory${run}.dat`]?.match(/^t = /gm)).toHaveLength(10);
    expect(files[`conf_end${run}.dat`]).toMatch(/^t = 100\n/);
  }
  expect(files['conf_start.dat']).toBe(files['conf_end.ext1.dat']);
  expect(files['conf_end.ext0.dat']).not.toBe(files['conf_end.ext1.dat']);
  const steps = seriesOf(peer).map(([step, , , extension]) => [step, extension]);
  expect(steps).toContainEqual([100, 0]);
  expect(steps).toContainEqual([100, 1]);
  expect(steps.at(-1)).toEqual([300, 2]);
  const checkpoints = peer.all('report').flatMap(({ checkpoint }) => (checkpoint === undefined ? [] : [checkpoint]));
  expect(checkpoints.at(-1)).toMatchObject({ extensions: 2, start: { path: 'conf_start.dat' } });
  const totals = new Set(peer.all('report').map(({ progress }) => progress?.total));
  expect(totals).toContain(300);
  expect(peer.all('report').at(-1)).toMatchObject({ phase: 'stage 1, extension 2' });
});

test('reaching the last extension is no error, and a stage that may not be extended is not', async () => {
  const { peer, server, engine } = await oxdnaPair(yard, { NO_CONVERGENCE: 1 });
  peer.run(stageTask(server, { payload: { autoExtend: true, maxExtensions: 2 } }));
  expect(await peer.got('end', 1)).toMatchObject({ outcome: 'succeeded', result: { extensions: 2, totalSteps: 300 } });
  peer.run(stageTask(server, { payload: { autoExtend: false, maxExtensions: 5 }, task: { task: 2 } }));
  expect(await peer.got('end', 2)).toMatchObject({ outcome: 'succeeded', result: { extensions: 0 } });
  expect(engine.starts()).toHaveLength(4);
});

test('an engine that gives up: its ERROR line, its last log lines, and all that it has written', async () => {
  const { peer, server } = await oxdnaPair(yard, { CRASH_AT: 35, CRASH_CODE: 3 });
  peer.run(stageTask(server));
  const end = await peer.got('end');
  expect(end).toMatchObject({ outcome: 'failed', reason: 'exit', exitCode: 3 });
  const [first = ''] = end.error?.split('\n') ?? [];
  expect(first).toBe('Distance between bonded neighbors exceeds acceptable values (step 35)');
  expect(end.error).toContain('INFO: something is about to go wrong');
  const files = await filesOf(peer, server);
  expect(files['conf_end.dat']).toMatch(/^t = 30\n/);
  expect(files['oxDNA.log']).toContain('ERROR: Distance');
  expect(files['energy.dat']?.trim().split('\n')).toHaveLength(4);
  expect(end.result).toMatchObject({ steps: 30, totalSteps: 100 });
});

test('an engine that is ended by a signal', async () => {
  const { peer, server } = await oxdnaPair(yard, { CRASH_AT: 35, CRASH_SIGNAL: 'SIGSEGV' });
  peer.run(stageTask(server));
  const end = await peer.got('end');
  expect(end).toMatchObject({ outcome: 'failed', reason: 'signal', signal: 'SIGSEGV', exitCode: null });
  expect(end.error).toContain('oxDNA was ended by SIGSEGV after step 30');
});

test.each([
  ['NAN_FROM', 'NaN'],
  ['INF_FROM', 'Infinity'],
])('%s: the structure blew up, and the engine is ended although it would go on', async (fault, word) => {
  const { peer, server, engine } = await oxdnaPair(yard, { [fault]: 50, IGNORE_TERM: 1, HANG_AT: 60 });
  peer.run(stageTask(server));
  const end = await peer.got('end');
  expect(end).toMatchObject({ outcome: 'failed', reason: 'error', result: { energy: null } });
  expect(end.error).toContain(`the structure blew up at step 50: its energy is ${word}`);
  expect(engine.starts().filter(({ pid }) => lives(pid))).toEqual([]);
  expect(seriesOf(peer).at(-1)?.[0]).toBe(50);
});

test('output that cannot be read fails the stage, and the engine is ended all the same', async () => {
  const { peer, server, engine } = await oxdnaPair(yard, { GARBAGE_AT: 35, IGNORE_TERM: 1, DELAY_MS: 1 });
  peer.run(stageTask(server, { payload: { steps: 1_000_000 } }));
  const end = await peer.got('end');
  expect(end).toMatchObject({ outcome: 'failed', reason: 'error' });
  expect(end.error).toContain('"this is no energy line"');
  expect(engine.starts().filter(({ pid }) => lives(pid))).toEqual([]);
});

test('a flood without line ends is a fault; a flood of log lines is kept to its bound and harms nothing', async () => {
  const { peer, server } = await oxdnaPair(yard, { FLOOD_OUT: 8_000_000 });
  peer.run(stageTask(server));
  expect((await peer.got('end')).error).toContain('xxxx');
  await yard.close();
  yard = new Yard();
  const flooded = await oxdnaPair(yard, { FLOOD_ERR: 200_000 });
  flooded.peer.run(stageTask(flooded.server));
  expect(await flooded.peer.got('end')).toMatchObject({ outcome: 'succeeded' });
  expect(flooded.peer.output(1, 'err').split('\n').length).toBeGreaterThan(200_000);
});

test('a hang is ended by the limit on silence, by force, and what was written until then is kept', async () => {
  const { peer, server, engine } = await oxdnaPair(yard, { HANG_AT: 45 });
  peer.run(stageTask(server, { task: { silenceMs: 5_000 } }));
  const end = await peer.got('end');
  expect(end).toMatchObject({ outcome: 'failed', reason: 'silence', signal: 'SIGKILL' });
  expect(engine.starts().filter(({ pid }) => lives(pid))).toEqual([]);
  expect((await filesOf(peer, server))['conf_end.dat']).toMatch(/^t = 40\n/);
});

test('the limit on run time counts over all extensions of an attempt', async () => {
  const { peer, server, engine } = await oxdnaPair(yard, { NO_CONVERGENCE: 1 });
  peer.run(stageTask(server, { payload: { autoExtend: true, maxExtensions: 100_000 }, task: { timeoutMs: 5_000 } }));
  expect(await peer.got('end')).toMatchObject({ outcome: 'failed', reason: 'timeout' });
  expect(engine.starts().length).toBeGreaterThan(1);
});

test('told to end, the engine writes the configuration that it has reached, and that is kept', async () => {
  const gate = join(yard.folder, 'gate');
  const { peer, server } = await oxdnaPair(yard, { WAIT_AT: 57, WAIT_FOR: gate });
  peer.run(stageTask(server));
  await peer.until(() => seriesOf(peer).at(-1)?.[0] === 50);
  peer.say({ m: 'kill', task: 1, attempt: 1 });
  const end = await peer.got('end');
  expect(end).toMatchObject({ outcome: 'failed', reason: 'signal', exitCode: 0, result: { extensions: 0, steps: 50 } });
  expect(end.error).toBe('it was stopped at step 50 of 100');
  const files = await filesOf(peer, server);
  expect(files['conf_end.dat']).toMatch(/^t = 57\n/);
  expect(files['oxDNA.log']).toContain('Caught SIGNAL 15');
});

test('an engine that ignores SIGTERM is killed; the last whole configuration is kept', async () => {
  const { peer, server, engine } = await oxdnaPair(yard, { IGNORE_TERM: 1, HANG_AT: 57 });
  peer.run(stageTask(server));
  await peer.until(() => seriesOf(peer).at(-1)?.[0] === 50);
  peer.say({ m: 'kill', task: 1, attempt: 1 });
  expect(await peer.got('end')).toMatchObject({ reason: 'signal', signal: 'SIGKILL' });
  expect((await filesOf(peer, server))['conf_end.dat']).toMatch(/^t = 50\n/);
  expect(engine.starts().filter(({ pid }) => lives(pid))).toEqual([]);
});

test('an engine that was ended by somebody else has not succeeded, whatever its exit code', async () => {
  const { peer, server, engine } = await oxdnaPair(yard, { WAIT_AT: 57, WAIT_FOR: join(yard.folder, 'gate') });
  peer.run(stageTask(server));
  await peer.until(() => seriesOf(peer).at(-1)?.[0] === 50);
  process.kill(engine.starts()[0]!.pid, 'SIGTERM');
  const end = await peer.got('end');
  expect(end).toMatchObject({ outcome: 'failed', reason: 'error', exitCode: 0 });
  expect(end.error).toContain('oxDNA ended at step 57 of 100');
});

test('a stage that ends with a configuration that is not whole has failed, and that file is not kept', async () => {
  const { peer, server } = await oxdnaPair(yard, { CRASH_AT: 35, SHORT_CONF: 1 });
  peer.run(stageTask(server));
  expect(await peer.got('end')).toMatchObject({ outcome: 'failed' });
  expect(Object.keys(await filesOf(peer, server))).not.toContain('conf_end.dat');
});

test('whatever the engine starts beside itself ends with it', async () => {
  const before = `sleep 86399.${process.pid} & setsid sleep 86398.${process.pid} &`;
  const { peer, server } = await oxdnaPair(yard, {}, { before });
  peer.run(stageTask(server));
  expect(await peer.got('end')).toMatchObject({ outcome: 'succeeded' });
  expect([...processesWith(`86399.${process.pid}`), ...processesWith(`86398.${process.pid}`)]).toEqual([]);
});

test('the engine runs in the task folder, with a minimal environment and under limits', async () => {
  const environment = { OXDNA_BIN: '', SECRET_OF_THE_WORKER: 'x', LD_LIBRARY_PATH: '/opt/none', PATH: process.env.PATH };
  const { peer, server, engine, worker } = await oxdnaPair(yard);
  worker.stop('now');
  await worker.closed;
  expect(peer.hello?.kinds).toContain('oxdna');
  yard.worker(server, { environment: { ...environment, OXDNA_BIN: engine.file }, work: join(yard.folder, 'second') });
  const second = await server.peer();
  second.run(stageTask(server));
  expect(await second.got('end')).toMatchObject({ outcome: 'succeeded' });
  const [start] = engine.starts();
  expect(start?.cwd.startsWith(join(yard.folder, 'second', 'runs'))).toBe(true);
  expect(start?.argv).toEqual(['input.properties']);
  const ours = Object.keys(start?.env ?? {}).filter((name) => !/^(STANDIN_|SWITCHYARD_|_$|PWD$|OLDPWD$|SHLVL$)/.test(name));
  expect(ours.sort()).toEqual(['HOME', 'LC_ALL', 'LD_LIBRARY_PATH', 'PATH', 'TMPDIR']);
  expect(start?.env.HOME).toBe(start?.cwd);
  expect(start?.limits).toMatch(/Max core file size +0 +0 /);
  expect(start?.limits).toMatch(/Max open files +256 +256 /);
  expect(start?.limits).toMatch(/Max file size +68719476736 /);
});

test('a task with memory of its own is held to twice as much address space, unless it needs CUDA', async () => {
  const seen = join(yard.folder, 'seen');
  // What the stand-in's Node itself needs is far more: only the rule is looked at.
  const before = `ulimit -v >> '${seen}'; exit 9`;
  const { peer, server } = await oxdnaPair(yard, {}, { before });
  const amounts = { slots: 1, cpus: 0, ramMb: 64, named: {} };
  peer.run(stageTask(server, { task: { amounts } }));
  expect(await peer.got('end', 1)).toMatchObject({ outcome: 'failed', exitCode: 9 });
  peer.run(stageTask(server, { keys: { backend: 'CUDA' }, task: { task: 2, amounts } }));
  await peer.got('end', 2);
  peer.run(stageTask(server, { task: { task: 3 } }));
  await peer.got('end', 3);
  expect(readFileSync(seen, 'utf8')).toBe(`${64 * 2 * 1_024}\nunlimited\nunlimited\n`);
});

test('the worker says which program of which version it runs', async () => {
  const { peer, engine } = await oxdnaPair(yard);
  expect(peer.hello?.kinds).toContain('oxdna');
  expect(peer.hello?.info).toMatchObject({ oxdna: { program: engine.file, version: '3.7.0-stand-in' } });
});

test('without the program the kind is not offered, and a task that comes all the same is handed back', async () => {
  const server = await yard.server();
  const environment = { PATH: '/nowhere', OXDNA_BIN: '/nowhere/oxDNA' };
  const worker = yard.worker(server, { environment });
  expect((await server.peer()).hello?.kinds).not.toContain('oxdna');
  worker.stop('now');
  await worker.closed;
  yard.worker(server, { environment, kinds: ['oxdna'], work: join(yard.folder, 'other') });
  const peer = await server.peer();
  expect(peer.hello?.kinds).toEqual(['oxdna']);
  peer.run(stageTask(server));
  const back = await peer.got('give-back');
  expect(back).toMatchObject({ how: 'reject' });
  expect(back.why).toContain('there is no program oxDNA');
});

test('oxDNA is found on the PATH too', async () => {
  const { engine, worker, server } = await oxdnaPair(yard);
  worker.stop('now');
  await worker.closed;
  const environment = { PATH: `${yard.folder}:${process.env.PATH}` };
  yard.worker(server, { environment, work: join(yard.folder, 'other') });
  expect((await server.peer()).hello?.info).toMatchObject({ oxdna: { program: engine.file } });
});

test('input that could leave the folder or load code never reaches the engine', async () => {
  const { peer, server, engine } = await oxdnaPair(yard);
  peer.run(stageTask(server, { keys: { plugin_search_path: '.' } }));
  const end = await peer.got('end');
  expect(end).toMatchObject({ outcome: 'failed', reason: 'error', exitCode: null });
  expect(end.error).toContain('plugin_search_path');
  const stranger = stageTask(server, { task: { task: 2 } });
  const library = { path: 'Evil.so', blob: server.putBlob('ELF') };
  peer.run({ ...stranger, body: { ...stranger.body!, inputs: [...(stranger.body?.inputs ?? []), library] } });
  expect((await peer.got('end', 2)).error).toContain('"Evil.so" is not an input of kind oxdna');
  expect(engine.starts()).toEqual([]);
});

test('words that are longer than the engine has room for never reach it; long sequences do', async () => {
  const { peer, server, engine } = await oxdnaPair(yard);
  const long = 'A'.repeat(300);
  peer.run(stageTask(server, { top: `1 1\n1 ${long} -1 -1\n` }));
  expect((await peer.got('end', 1)).error).toContain('the topology has a line of more than 200 characters');
  const forced = stageTask(server, { task: { task: 2 } });
  const inputs = (forced.body?.inputs ?? []).map((input) =>
    input.path === 'forces.forces' ? { path: input.path, blob: server.putBlob(`{\ntype = ${long}\n}\n`) } : input,
  );
  peer.run({ ...forced, body: { ...forced.body!, inputs } });
  expect((await peer.got('end', 2)).error).toContain('the forces have a line of more than 200 characters');
  peer.run({ ...forced, task: 3, body: { ...forced.body!, inputs: inputs.slice(0, 2) } });
  expect((await peer.got('end', 3)).error).toContain('an input is missing');
  expect(engine.starts()).toEqual([]);
  peer.run(stageTask(server, { n: 300, task: { task: 4 } }));
  expect(await peer.got('end', 4)).toMatchObject({ outcome: 'succeeded' });
});

test('what the engine refuses is told in its words', async () => {
  const { peer, server } = await oxdnaPair(yard);
  const { dat } = strand(5);
  peer.run(stageTask(server, { dat }), stageTask(server, { keys: { backend: 'CUDA' }, task: { task: 2 } }));
  expect((await peer.got('end', 1)).error).toMatch(/^The number of particles found in the configuration file \(5\) is less/);
  expect((await peer.got('end', 2)).error).toMatch(/^Backend 'CUDA' not supported\n/);
  peer.run(stageTask(server, { top: 'nonsense\n', task: { task: 3 } }));
  expect((await peer.got('end', 3)).error).toContain('the topology does not begin with a number');
});

test('a payload that is not one of this kind is handed back', async () => {
  const { peer } = await oxdnaPair(yard);
  peer.run({ kind: 'oxdna', body: { payload: { steps: 'many' } } });
  expect(await peer.got('give-back')).toMatchObject({ how: 'reject' });
});

test('the next attempt goes on with the extension that the checkpoint names, and ends with the files of all', async () => {
  const { peer, server, engine } = await oxdnaPair(yard);
  peer.run(stageTask(server, { payload: extending }));
  await peer.got('end', 1);
  const last = peer.all('report').findLast(({ checkpoint }) => checkpoint !== undefined);
  const ran = engine.starts().length;
  peer.run(stageTask(server, { payload: extending, task: { attempt: 2, checkpoint: last!.checkpoint } }));
  const find = () => peer.all('end').find(({ attempt }) => attempt === 2);
  await peer.until(() => find() !== undefined);
  expect(engine.starts()).toHaveLength(ran + 1);
  expect(find()).toMatchObject({ outcome: 'succeeded', result: { extensions: 2, steps: 300, totalSteps: 300 } });
  const [one, two] = peer.all('end').map(({ artifacts = [] }) => new Map(artifacts.map(({ path, blob }) => [path, blob])));
  // The same numbers come out: what went before was not run again, and not lost.
  for (const name of ['conf_end.ext0.dat', 'conf_end.ext1.dat', 'energy.ext0.dat', 'energy.ext1.dat', 'conf_end.dat']) {
    expect(two?.get(name)).toBe(one?.get(name));
  }
  const again = peer.frames.filter(({ attempt, stream }) => attempt === 2 && stream === 'log').map(({ bytes }) => bytes);
  expect(Buffer.concat(again).toString().split('\n')[1]).toMatch(/^200 /);
});

test('a checkpoint whose configuration is gone: the stage begins anew', async () => {
  const { peer, server } = await oxdnaPair(yard);
  const start = { path: 'conf_start.dat', blob: 'e'.repeat(64), size: 1 };
  peer.run(stageTask(server, { payload: extending, task: { checkpoint: { extensions: 7, start, kept: [] } } }));
  expect(await peer.got('end')).toMatchObject({ outcome: 'succeeded', result: { extensions: 2 } });
});

test('a worker that is told to stop hands the stage back, leaves no process and uploads nothing', async () => {
  const { peer, server, engine, worker } = await oxdnaPair(yard, { WAIT_AT: 57, WAIT_FOR: join(yard.folder, 'gate') });
  peer.run(stageTask(server));
  await peer.until(() => seriesOf(peer).at(-1)?.[0] === 50);
  const uploads = () => server.requests.filter((request) => request.startsWith('POST')).length;
  const before = uploads();
  worker.stop('now');
  expect(await peer.got('give-back')).toMatchObject({ how: 'free' });
  expect(uploads()).toBe(before);
  expect(engine.starts().filter(({ pid }) => lives(pid))).toEqual([]);
});

test('a server that takes no files for long is waited for: nothing that was computed is given up', async () => {
  const gate = join(yard.folder, 'gate');
  const faults = { WAIT_AT: 57, WAIT_FOR: gate };
  const { peer, server } = await oxdnaPair(yard, faults, { worker: { rhythm: { fileRetryMs: 30 } } });
  const task = stageTask(server, { payload: extending });
  const posts = () => server.requests.filter((request) => request.startsWith('POST')).length;
  peer.run(task);
  await peer.until(() => seriesOf(peer).length > 0);
  server.blobStatus = 503;
  const before = posts();
  writeFileSync(gate, '');
  await eventually(() => posts() > before + 40);
  expect(peer.all('end')).toEqual([]);
  server.blobStatus = null;
  expect(await peer.got('end')).toMatchObject({ outcome: 'succeeded', result: { extensions: 2 } });
  const files = Object.keys(await filesOf(peer, server));
  expect(files).toEqual(expect.arrayContaining(['conf_end.dat', 'conf_end.ext0.dat', 'energy.ext1.dat']));
  expect(files.length).toBe(new Set(files).size);
});

test('a stage for a graphics card runs where the engine can', async () => {
  const { peer, server } = await oxdnaPair(yard, { CUDA: 1 });
  peer.run(stageTask(server, { keys: { backend: 'CUDA' } }));
  expect(await peer.got('end')).toMatchObject({ outcome: 'succeeded' });
});

test('kill -9 of the worker in an extension: its successor ends the engine, and the next attempt goes on there', async () => {
  const gate = join(yard.folder, 'gate');
  const { worker: idle, engine, peer: unused, server } = await oxdnaPair(yard, { WAIT_AT: 57, WAIT_FOR: gate });
  idle.stop('now');
  await idle.closed;
  expect(unused.hello).not.toBeNull();
  writeFileSync(gate, '');
  const environment = { OXDNA_BIN: engine.file };
  const first = yard.process(server, [], undefined, environment);
  const peer = await server.peer();
  peer.run(stageTask(server, { payload: { autoExtend: true, maxExtensions: 1_000, steps: 200 }, keys: { steps: 200 }, gap: 60 }));
  const checkpointOf = () => peer.all('report').findLast(({ checkpoint }) => checkpoint !== undefined)?.checkpoint;
  await peer.until(() => checkpointOf() !== undefined);
  const checkpoint = checkpointOf() as { extensions: number };
  await first.kill();
  const orphans = engine.starts().map(({ pid }) => pid);
  yard.process(server, [], undefined, environment);
  const second = await server.peer();
  expect(second.hello?.holds).toEqual([]);
  await eventually(() => orphans.every((pid) => !lives(pid)));
  second.run(
    stageTask(server, {
      payload: { autoExtend: true, maxExtensions: 1_000, steps: 200 },
      keys: { steps: 200 },
      gap: 60,
      task: { attempt: 2, checkpoint },
    }),
  );
  const end = await second.got('end');
  const { extensions } = end.result as { extensions: number };
  expect(end).toMatchObject({ outcome: 'succeeded', result: { totalSteps: 200 * (1 + extensions) } });
  expect(extensions).toBeGreaterThanOrEqual(checkpoint.extensions);
  const files = Object.keys(await filesOf(second, server));
  for (let run = 0; run < extensions; run += 1) expect(files).toContain(`conf_end.ext${run}.dat`);
});
