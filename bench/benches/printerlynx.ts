import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench, Line, Verdict } from '../lib/bench.ts';
import { stamp } from '../lib/clock.ts';
import { Closing } from '../lib/closing.ts';
import { cpuTime } from '../lib/cpu-time.ts';
import { figureOf, inRounds, linesOf } from '../lib/in-rounds.ts';
import { residentBytes } from '../lib/memory.ts';
import { startProgram } from '../lib/start-program.ts';
import { tempFolder } from '../lib/temp-folder.ts';
import { type OurServer, startServer } from '../ours/server.ts';

const agents = 4;
const printersEach = 50;
const dashboards = 50;
const everyMs = 500;
const watchMs = 10_000;
const uploadBytes = 32 * 1_048_576;

export const printerlynx: Bench = {
  name: 'printerlynx',
  title: 'Printerlynx: a farm of printers and those who look on',
  method: `A server as users start it. ${agents * printersEach} printers on ${agents} agents report every ${everyMs} ms, ${dashboards} dashboards of their owner hear of it, all in one other process. Uploads: ${uploadBytes / 1_048_576} MiB of print file as multipart, against node:http that pipes the same body into a file and flushes it.`,
  async run(ground) {
    const lines: Line[] = [];
    const verdicts: Verdict[] = [];
    await using closing = new Closing();
    const folder = closing.add(await tempFolder('printerlynx')).path;
    const server = closing.add(await startServer(join(folder, 'data')));
    const token = await register(server);
    await farm(server, token, closing, lines, verdicts);
    ground.say('the farm has been watched');
    await uploads(server, token, folder, closing, lines, verdicts);
    return { lines, verdicts };
  },
};

async function call<T>(server: OurServer, path: string, body: unknown, token?: string): Promise<T> {
  const headers = { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  const answer = await fetch(`${server.url}/api/v1${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

async function register(server: OurServer): Promise<string> {
  const who = { username: 'bench', email: 'a@b', password: 'secret1', password_confirmation: 'secret1' };
  return (await call<{ token: string }>(server, '/auth/register', who)).token;
}

async function farm(server: OurServer, token: string, closing: Closing, lines: Line[], verdicts: Verdict[]): Promise<void> {
  const made: string[] = [];
  for (let i = 0; i < agents; i++) {
    made.push((await call<{ token: string }>(server, '/agents', { name: `Agent ${i}`, description: '' }, token)).token);
  }
  const crowd = closing.add(startProgram('ours/print-crowd.ts'));
  await crowd.call('enter', { url: server.url, token, agents: made, printersEach, dashboards, everyMs });
  // Signing on two hundred printers is not what is measured.
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  const heard = () => crowd.call<{ heard: number; p50: number; p99: number }>('heard');
  await heard();
  const [from, cpu, memory] = [stamp(), cpuTime([server.pid]), residentBytes(server.pid)];
  await new Promise((resolve) => setTimeout(resolve, watchMs));
  const told = await heard();
  const seconds = (stamp() - from) / 1_000;
  const wanted = (agents * printersEach * dashboards * 1_000) / everyMs;
  const share = (cpuTime([server.pid]) - cpu) / seconds / 10;
  const grown = (residentBytes(server.pid) - memory) / 1_048_576;
  lines.push({ what: 'reports delivered to dashboards', unit: '/s', rounds: [told.heard / seconds] });
  lines.push({ what: 'from agent to dashboard, median', unit: 'ms', rounds: [told.p50] });
  lines.push({ what: 'from agent to dashboard, p99', unit: 'ms', rounds: [told.p99] });
  lines.push({ what: 'processor of the server meanwhile', unit: '%', rounds: [share] });
  lines.push({ what: 'memory of the server: growth', unit: 'MiB', rounds: [grown] });
  const value = told.heard / seconds / wanted;
  verdicts.push({ target: 'delivered ÷ reported', value, limit: 0.95, better: 'higher', unit: '×' });
}

async function uploads(
  server: OurServer,
  token: string,
  folder: string,
  closing: Closing,
  lines: Line[],
  verdicts: Verdict[],
): Promise<void> {
  const sink = join(folder, 'sink');
  mkdirSync(sink);
  const bare = closing.add(startProgram('ours/upload-sink.ts'));
  const bareUrl = await bare.call<string>('open', { folder: sink });
  let n = 0;
  const timed = async (url: string): Promise<number> => {
    const form = new FormData();
    // Not the same twice: equal files are stored once.
    const text = Buffer.alloc(uploadBytes, `; ${n++}\nG1 X10 Y10 E1.2345\n`);
    form.append('file', new Blob([text]), 'part.gcode');
    const from = stamp();
    const answer = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: form });
    await answer.text();
    if (answer.status !== 200) throw new Error(`an upload was answered with ${answer.status}`);
    return uploadBytes / 1_048_576 / ((stamp() - from) / 1_000);
  };
  const figures = await inRounds(5, [
    { name: 'node:http into a file', round: async () => ({ value: await timed(bareUrl) }) },
    { name: 'upload of a print file', round: async () => ({ value: await timed(`${server.url}/api/v1/files/upload`) }) },
  ]);
  lines.push(...linesOf(figures, 'MiB/s'));
  const value = figureOf(figures, 'upload of a print file') / figureOf(figures, 'node:http into a file');
  verdicts.push({ target: 'upload ÷ node:http into a file', value, limit: 0.4, better: 'higher', unit: '×' });
}
