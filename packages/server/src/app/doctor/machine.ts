import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { type Finding, fine, problem, warning } from './finding.ts';

/** From package.json and `docs/`: the first line with `node:sqlite` as it is used here. */
const oldestNode = 24;

export function nodeVersion(version: string): Finding {
  const major = Number(version.split('.')[0]);
  if (major >= oldestNode) return fine('node', `Node ${version}`);
  return problem(
    'node',
    `Node ${version} is too old`,
    `Start with packages/server/bin/switchyard, which uses the Node ${oldestNode} of "npm ci".`,
  );
}

export interface Clocks {
  now(): number;
  monotonic(): number;
  pause(ms: number): Promise<void>;
}

/** The wall clock against the monotonic one, and against what the database says has happened already. */
export async function clock(clocks: Clocks, newestAt: number | null): Promise<Finding> {
  const [wall, steady] = [clocks.now(), clocks.monotonic()];
  await clocks.pause(250);
  const drift = clocks.now() - wall - (clocks.monotonic() - steady);
  const todo = 'Set the clock with NTP (timedatectl set-ntp true): times of jobs, schedules and retention go by it.';
  if (newestAt !== null && newestAt > clocks.now() + 60_000) {
    const days = ((newestAt - clocks.now()) / 86_400_000).toFixed(1);
    return problem('clock', `it was set back: the newest change in the database is ${days} days in the future`, todo);
  }
  if (Math.abs(drift) > 50) return warning('clock', `it jumped by ${Math.round(drift)} ms within a quarter of a second`, todo);
  if (clocks.now() < Date.UTC(2026, 0, 1)) return problem('clock', `it says ${new Date(clocks.now()).toISOString()}`, todo);
  return fine('clock', new Date(clocks.now()).toISOString());
}

const tools: readonly (readonly [string, string, readonly string[]])[] = [
  ['blender', 'render jobs', ['--version']],
  ['ffmpeg', 'videos of renderings', ['-version']],
  ['oxDNA', 'oxDNA simulations', ['--version']],
];

/** Programs that tasks of some kinds need on THIS machine; other workers have their own. */
export async function programs(path: string): Promise<Finding[]> {
  const found: string[] = [];
  const missing: string[] = [];
  for (const [name, purpose, args] of tools) {
    const place = await findProgram(name, path);
    if (place === null) missing.push(`${name} (${purpose})`);
    else found.push(`${name} ${await versionOf(place, args)}`.trim());
  }
  const text = found.length === 0 ? 'none of blender, ffmpeg, oxDNA' : found.join(', ');
  // Not having them is no fault: a server need not be a worker, and most yards run other things.
  return [fine('programs', missing.length === 0 ? text : `${text}; not on the PATH: ${missing.join(', ')}`)];
}

async function findProgram(name: string, path: string): Promise<string | null> {
  for (const folder of path.split(delimiter).filter((one) => one !== '')) {
    const place = join(folder, name);
    if (
      await access(place, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return place;
  }
  return null;
}

async function versionOf(place: string, args: readonly string[]): Promise<string> {
  const run = promisify(execFile);
  const text = await run(place, [...args], { timeout: 5_000, maxBuffer: 65_536 }).then(
    ({ stdout }) => stdout,
    () => '',
  );
  return /\d+(?:\.\d+)+/.exec(text)?.[0] ?? '';
}

/** Only while no server runs: may the address be taken? */
export async function portFree(host: string, port: number, what: string): Promise<Finding> {
  const place = `${host}:${port}`;
  if (port === 0) return fine('ports', `${what}: any free one`);
  const code = await new Promise<string | null>((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(null)));
  });
  if (code === null) return fine('ports', `${what}: ${place} is free`);
  if (code === 'EADDRINUSE')
    return problem('ports', `${what}: something else uses ${place}`, `Stop it ("ss -ltnp" shows it), or choose another port.`);
  if (code === 'EACCES')
    return problem(
      'ports',
      `${what}: this user may not listen on ${place}`,
      'Choose a port from 1024 on, or give the service CAP_NET_BIND_SERVICE.',
    );
  return warning('ports', `${what}: ${place} cannot be had (${code})`, 'Look at --host and --port.');
}

/** Each connection is an open file. */
export function openFiles(limit: number | null, connections: number): Finding {
  if (limit === null) return fine('open files', 'no limit known');
  const text = `${limit} open files for ${connections} connections`;
  if (limit >= connections + 1_000) return fine('open files', text);
  return warning(
    'open files',
    text,
    `Raise it (LimitNOFILE= in the unit, "ulimit -n" in a shell) to ${connections + 1_000}, or lower limits.connections.`,
  );
}

/** Of this process, which a server started by this user shares. */
export function openFilesLimit(): number | null {
  const report = process.report?.getReport() as { userLimits?: { open_files?: { soft?: unknown } } } | undefined;
  const soft = report?.userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : null;
}
