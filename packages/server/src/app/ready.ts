import { existsSync } from 'node:fs';
import type { Door } from '../doors/kit/door.ts';
import type { RunningServer } from './start-server.ts';

/** `serve --json`: one line when ready. */
export function readyJson(server: RunningServer): string {
  const doors = Object.fromEntries(
    server.doors.map((door) => [door.name, { ports: portsOf(server, door.name), notes: door.status().notes }]),
  );
  return JSON.stringify({
    ready: true,
    url: server.url,
    urls: server.urls,
    tls: server.tls,
    open: server.openness.map(({ name, to }) => ({ name, to })),
    data: server.data,
    pid: process.pid,
    adminToken: server.adminToken.path,
    doors,
  });
}

function portsOf(server: RunningServer, name: string): readonly { host: string; port: number }[] {
  return server.ownPorts.filter(({ door }) => door === name).map(({ host, port }) => ({ host, port }));
}

/**
 * What a person wants to know at the start: where it is, where the token is, what to do next. `secrets`: somebody reads it from a
 * terminal; in a journal a link would be read by others.
 */
export function readyText(server: RunningServer, { secrets }: { readonly secrets: boolean }): string {
  const { adminToken, localWorker } = server;
  const facts: (readonly [string, string])[] = [
    ['address', [...(server.tls ? server.urls.map(secureUrl) : []), ...server.urls].join('  ')],
    ...(secrets && server.link !== null ? [['dashboard', `${server.link}  (once, within ten minutes)`] as const] : []),
    ['data', server.data],
    ['token', `${adminToken.path}${adminToken.made ? ' (an administrator, made just now)' : ''}`],
    ['worker', localWorker === null ? 'none here' : workerText(localWorker)],
    ...server.doors.flatMap((door) => doorFacts(server, door)),
    ...openFacts(server),
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  const command = existsSync('switchyard') ? './switchyard' : 'switchyard';
  return [
    `Switchyard ${server.version} is ready.`,
    ...facts.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`),
    '',
    `Try it in another terminal:  ${command} run${defaults(server)} -- echo hi`,
    'Ctrl-C stops the server.',
  ].join('\n');
}

function workerText({ pid, adopted, slots }: NonNullable<RunningServer['localWorker']>): string {
  return adopted ? `local, found still at work (process ${pid})` : `local, ${slots} ${slots === 1 ? 'slot' : 'slots'}`;
}

function doorFacts(server: RunningServer, door: Door): (readonly [string, string])[] {
  if (door.name === 'api') return [];
  const ports = portsOf(server, door.name).map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`);
  const [first, ...notes] = [...ports.slice(0, 1), ...door.status().notes];
  return [[door.name, first ?? door.title], ...notes.map((note) => ['', note] as const)];
}

const secureUrl = (url: string): string => url.replace(/^http:/, 'https:');

/** What answers without a secret: to whom, and why. */
function openFacts({ openness }: RunningServer): (readonly [string, string])[] {
  const open = openness.filter(({ to }) => to !== 'nobody');
  if (open.length === 0) return [['open', 'nothing without a secret']];
  return open.map(({ name, text, to, why }, at) => [at === 0 ? 'open' : '', `${name}, to ${to} (${why}): ${text}`]);
}

/** Flags that the command line needs to find this server. */
function defaults({ data, defaultData }: RunningServer): string {
  return data === defaultData ? '' : ` --data ${data}`;
}
