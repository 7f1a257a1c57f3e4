/**
 * Tries a real oxDNA with Switchyard: the engine by itself (what we rely on in what it prints and writes), then simulations
 * through a running server and its workers. Small: a few minutes on one core.
 *
 *   node tools/oxdna-acceptance.ts --engine /path/to/oxDNA
 *   node tools/oxdna-acceptance.ts --server http://127.0.0.1:8080 --token-file admin.token
 *
 * Both may be given. Exit code 0: all is well.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Client, createClient } from '@switchyard/sdk/client/client.ts';
import { oxdnaFiles } from '@switchyard/sdk/oxdna.ts';

const { values: flags } = parseArgs({
  options: { engine: { type: 'string' }, server: { type: 'string' }, 'token-file': { type: 'string' } },
});

let failures = 0;

function check(what: string, well: boolean, saw: unknown = ''): void {
  if (!well) failures += 1;
  process.stdout.write(`${well ? 'ok  ' : 'FAIL'} ${what}${well ? '' : `\n     saw: ${String(saw).slice(0, 500)}`}\n`);
}

const nucleotides = 16;

/** One straight strand with its bonds far too long: something to relax. */
function structure(): { top: string; dat: string; forces: string } {
  const row = (i: number): string => `0 0 ${(i * 1.6).toFixed(3)} 1 0 0 0 0 1 0 0 0 0 0 0`;
  const rows = Array.from({ length: nucleotides }, (_, i) => row(i));
  return {
    top: `${nucleotides} 1 5->3\n${'ACGT'.repeat(nucleotides / 4)} type=DNA circular=false\n`,
    dat: `t = 0\nb = 60 60 60\nE = 0 0 0\n${rows.join('\n')}`,
    forces: `{\ntype = mutual_trap\nparticle = 0\nref_particle = ${nucleotides - 1}\nstiff = 0.1\nr0 = 1.2\nPBC = 1\n}\n`,
  };
}

const shared = {
  backend: 'CPU',
  T: '30.0C',
  dt: '0.005',
  verlet_skin: '0.5',
  max_backbone_force: '5.0',
  max_backbone_force_far: '10.0',
  time_scale: 'linear',
  restart_step_counter: 'true',
  refresh_vel: 'true',
};
const minimize = { ...shared, sim_type: 'min', interaction_type: 'DNA' };
const dynamics = {
  ...shared,
  sim_type: 'MD',
  interaction_type: 'DNA',
  thermostat: 'brownian',
  newtonian_steps: '103',
  pt: '0.99',
  diff_coeff: '2.5',
};

function inputOf(keys: Readonly<Record<string, string>>, steps: number, every: number): string {
  const all = { ...keys, steps, print_conf_interval: every, print_energy_every: every };
  return Object.entries(all)
    .map(([key, value]) => `${key} = ${value}\n`)
    .join('');
}

const output = (every: number): string => `data_output_1 = {
  name = stdout
  print_every = ${every}
  col_1 = {
    type = step
    units = steps
  }
  col_2 = {
    type = potential_energy
    split = false
  }
  col_3 = {
    type = stretched
    print_list = false
  }
}
`;

/** The engine by itself: every thing that the runner relies on. */
async function tryEngine(program: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'oxdna-acceptance-'));
  try {
    const { top, dat, forces } = structure();
    await writeFile(join(folder, oxdnaFiles.topology), top);
    await writeFile(join(folder, oxdnaFiles.start), dat);
    await writeFile(join(folder, oxdnaFiles.forces), forces);
    const version = await run(program, ['-v'], folder);
    check('-v says a version', /oxDNA\s+v?\d/i.test(version.out + version.err), version.out + version.err);
    await tryRun(program, folder);
    await tryTerm(program, folder);
    const wrong = await runInput(program, folder, `${inputOf({ ...minimize, backend: 'NONE' }, 10, 1)}`);
    check(
      'a fault is an ERROR: line and exit code 1',
      wrong.code === 1 && /^ERROR: /m.test(wrong.err),
      `${wrong.code} ${wrong.err}`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function tryRun(program: string, folder: string): Promise<void> {
  const ran = await runInput(program, folder, `${inputOf(minimize, 200, 20)}no_stdout_energy = true\n${output(20)}`);
  check('a minimisation ends with exit code 0', ran.code === 0, `${ran.code} ${ran.err}`);
  const lines = ran.out.split('\n').filter((line) => line.trim() !== '');
  const ours = lines.filter((line) => /^\s*\d+\s+\S+\s+\d+\s*$/.test(line));
  check('no_stdout_energy leaves our line alone, from step 0 to the last', lines.length === 11 && ours.length === 11, ran.out);
  const end = await readFile(join(folder, oxdnaFiles.end), 'utf8').catch(() => '');
  check('conf_end.dat is at the last step', /^t = 200\n/.test(end), end.slice(0, 80));
  check('and has a line for each nucleotide', end.split('\n').length === nucleotides + 4 && end.endsWith('\n'), end);
  check('its columns are separated by single blanks', !/^ | {2}/m.test(end.split('\n').slice(3).join('\n')), end);
  const both = await runInput(program, folder, `${inputOf(minimize, 40, 20)}${output(20)}`);
  check('with its standard line beside ours the output can be read as well', both.out.split('\n').length > 3, both.out);
}

async function tryTerm(program: string, folder: string): Promise<void> {
  const ended = runInput(
    program,
    folder,
    `${inputOf(dynamics, 1_000_000_000, 100)}no_stdout_energy = true\n${output(100)}`,
    (child, out) => {
      if (out.split('\n').length > 3) child.kill('SIGTERM');
    },
  );
  const { code, err } = await ended;
  check('SIGTERM ends a simulation with exit code 0', code === 0, `${code} ${err}`);
  const end = await readFile(join(folder, oxdnaFiles.end), 'utf8').catch(() => '');
  const step = Number(/^t = (\d+)\n/.exec(end)?.[1] ?? 0);
  check(
    'and leaves the configuration that it had reached',
    step > 0 && end.split('\n').length === nucleotides + 4,
    end.slice(0, 80),
  );
}

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}
type See = (child: ReturnType<typeof spawn>, out: string) => void;

async function runInput(program: string, folder: string, input: string, see?: See): Promise<Ran> {
  const files = {
    topology: oxdnaFiles.topology,
    conf_file: oxdnaFiles.start,
    lastconf_file: oxdnaFiles.end,
    trajectory_file: oxdnaFiles.trajectory,
    energy_file: oxdnaFiles.energy,
    external_forces: 'true',
    external_forces_file: oxdnaFiles.forces,
    max_io: '100.0',
  };
  const text = Object.entries(files).map(([key, value]) => `${key} = ${value}\n`);
  await writeFile(join(folder, oxdnaFiles.input), `${input}${text.join('')}`);
  return run(program, [oxdnaFiles.input], folder, see);
}

async function run(program: string, argv: string[], cwd: string, see?: See): Promise<Ran> {
  const child = spawn(program, argv, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (piece: Buffer) => {
    out += piece.toString('latin1');
    see?.(child, out);
  });
  child.stderr.on('data', (piece: Buffer) => {
    err += piece.toString('latin1');
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

/** Simulations through the server: the whole way. */
async function tryServer(client: Client): Promise<void> {
  const workers = (await client.workers.list()).filter(({ kinds }) => kinds.includes('oxdna'));
  check('a worker offers oxDNA', workers.length > 0, 'none; set OXDNA_BIN where the worker runs');
  if (workers.length === 0) return;
  process.stdout.write(`     ${workers.map(({ name, info }) => `${name}: ${JSON.stringify(info['oxdna'])}`).join(', ')}\n`);
  await tryStages(client);
  await tryCancel(client);
  await tryFailure(client);
}

const fileConfig = (content: string, more: object = {}): object => ({ type: 'FileConfig', metadata: {}, content, ...more });

async function submit(client: Client, stages: readonly object[]) {
  const { top, dat, forces } = structure();
  const upload = async (text: string): Promise<string> => (await client.files.upload(Buffer.from(text))).blob;
  const spec = { topology: await upload(top), configuration: await upload(dat), forces: await upload(forces), stages };
  const request = { kind: 'oxdna', name: 'oxDNA acceptance', spec } as Parameters<Client['jobs']['submit']>[0];
  return (await client.jobs.submit(request)).job;
}

async function tryStages(client: Client): Promise<void> {
  const relax = fileConfig(inputOf(minimize, 200, 20), { autoExtendStage: true, maxExtensions: 20 });
  const job = await submit(client, [relax, fileConfig(inputOf(dynamics, 5_000, 100))]);
  const ended = await client.jobs.wait(job.id);
  const tasks = (await client.jobs.tasks(job.id)).tasks;
  check(
    'a relaxation and a simulation after it succeed',
    ended.state === 'succeeded',
    tasks.map(({ error }) => error).join('; '),
  );
  for (const { id, error } of tasks) {
    const shown = await client.tasks.show(id);
    if (error !== null) continue;
    const { rows } = await client.tasks.series(id);
    const energies = rows.map((row) => row[1]);
    check(
      `task ${id}: energies from first to last step`,
      rows.length > 2 && energies.every((one) => one !== null),
      JSON.stringify(rows),
    );
    const paths = shown.artifacts.map(({ path }) => path);
    check(
      `task ${id}: its files are kept`,
      [oxdnaFiles.end, oxdnaFiles.energy, oxdnaFiles.log].every((path) => paths.includes(path)),
      paths,
    );
    process.stdout.write(`     ${JSON.stringify(shown.result)}\n`);
  }
}

async function tryCancel(client: Client): Promise<void> {
  const job = await submit(client, [fileConfig(inputOf(dynamics, 1_000_000_000, 1_000))]);
  const task = job.firstTask;
  while ((await client.tasks.series(task)).of < 3) await new Promise((resolve) => setTimeout(resolve, 200));
  await client.jobs.cancel(job.id, { kill: true });
  const ended = await client.jobs.wait(job.id);
  check('a long simulation is canceled', ended.state === 'canceled', ended.state);
  const end = await new Response(await client.tasks.artifact(task, oxdnaFiles.end)).text().catch((error: Error) => error.message);
  check('and the configuration that it had reached is kept', /^t = [1-9]\d*\n/.test(end), end.slice(0, 80));
}

async function tryFailure(client: Client): Promise<void> {
  const job = await submit(client, [fileConfig(inputOf({ ...dynamics, thermostat: 'none-such' }, 100, 10))]);
  const ended = await client.jobs.wait(job.id);
  const { error } = await client.tasks.show(job.firstTask);
  check('what the engine refuses is told in its words', ended.state === 'failed' && (error ?? '').length > 10, error);
  process.stdout.write(`     ${error?.split('\n')[0]}\n`);
}

const { engine, server, 'token-file': tokenFile } = flags;
if (engine === undefined && (server === undefined || tokenFile === undefined)) {
  process.stderr.write('Give --engine PROGRAM, or --server URL and --token-file FILE, or all three.\n');
  process.exit(2);
}
if (engine !== undefined) await tryEngine(engine);
if (server !== undefined && tokenFile !== undefined) {
  await tryServer(createClient({ server, token: (await readFile(tokenFile, 'utf8')).trim() }));
}
process.stdout.write(failures === 0 ? 'All is well.\n' : `${failures} of the checks failed.\n`);
process.exit(failures === 0 ? 0 : 1);
