import { randomBytes } from 'node:crypto';
import { stamp } from '../lib/clock.ts';
import { LeanConnection } from '../lib/lean-http.ts';
import { serveCalls } from '../lib/program.ts';

/** Scripted Flamenco workers on the wire (`docs/protocols/flamenco.md`), lean: each has one connection and one request under way. */
interface Farmer {
  readonly connection: LeanConnection;
  readonly authorization: string;
}

let url = '';
const farmers: Farmer[] = [];

const text = (method: string, path: string, authorization: string, body = ''): string =>
  `${method} ${path} HTTP/1.1\r\nhost: ${new URL(url).host}\r\nuser-agent: Flamenco-Worker/2.5\r\n${authorization}` +
  `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

async function join(n: number): Promise<Farmer> {
  const connection = await LeanConnection.open(url);
  const secret = randomBytes(32).toString('hex');
  const about = { secret, platform: 'linux', supported_task_types: ['sleep'], nickname: `farm-${n}` };
  const { body } = await connection.send(text('POST', '/register-worker', '', JSON.stringify(about)));
  const { _id } = JSON.parse(body) as { _id: string };
  const basic = Buffer.from(`${_id}:${secret}`).toString('base64');
  return { connection, authorization: `authorization: Basic ${basic}\r\n` };
}

const began = JSON.stringify({
  activity: 'Task started',
  current_command_idx: 0,
  task_status: 'active',
  metrics: { timing: {} },
});
const log = Array.from({ length: 10 }, (_, i) => `2026-11-21T10:00:29.257508+00:00: line ${i} of the log of a task`).join('\n');

/** `/task`, an update, `/may-i-run`, the last update. */
async function cycle({ connection, authorization }: Farmer, n: number): Promise<void> {
  const ask = async (method: string, path: string, body?: string) => {
    const answer = await connection.send(text(method, path, authorization, body));
    if (answer.status !== 200 && answer.status !== 204) throw new Error(`${path}: ${answer.status} ${answer.body}`);
    return answer;
  };
  const { status, body } = await ask('POST', '/task');
  if (status === 204) throw new Error('there are no tasks left');
  const { _id } = JSON.parse(body) as { _id: string };
  await ask('POST', `/tasks/${_id}/update`, began);
  await ask('GET', `/may-i-run/${_id}`);
  const last = {
    task_status: 'completed',
    activity: 'Task completed',
    metrics: { timing: { total: n } },
    log: `${log} ${n} ${_id}`,
  };
  await ask('POST', `/tasks/${_id}/update`, JSON.stringify(last));
}

serveCalls({
  open: async (input: { url: string; workers: number }) => {
    url = input.url;
    while (farmers.length < input.workers) farmers.push(await join(farmers.length));
  },
  /** As many cycles as they can in this time. */
  cycles: async ({ ms, workers }: { ms: number; workers: number }) => {
    const from = stamp();
    let count = 0;
    const loop = async (farmer: Farmer): Promise<void> => {
      while (stamp() - from < ms) await cycle(farmer, count++);
    };
    await Promise.all(farmers.slice(0, workers).map(loop));
    return { count, seconds: (stamp() - from) / 1_000 };
  },
  /** Times of polls of one worker while another sends updates of this size, one after the other. */
  during: async ({ ms, bytes }: { ms: number; bytes: number }) => {
    const [poller, sender] = farmers as [Farmer, Farmer];
    const { body } = await sender.connection.send(text('POST', '/task', sender.authorization));
    const { _id } = JSON.parse(body) as { _id: string };
    const from = stamp();
    const times: number[] = [];
    let updates = 0;
    const send = async (): Promise<void> => {
      while (stamp() - from < ms) {
        const lines = `${updates++} ${'x'.repeat(2_490)}\n`.repeat(Math.ceil(bytes / 2_500)).slice(0, bytes);
        const update = JSON.stringify({ activity: '', log: lines });
        const { status } = await sender.connection.send(text('POST', `/tasks/${_id}/update`, sender.authorization, update));
        if (status !== 204) throw new Error(`an update of ${bytes} bytes got ${status}`);
      }
    };
    const poll = async (): Promise<void> => {
      while (stamp() - from < ms) {
        const at = stamp();
        await poller.connection.send(text('GET', `/may-i-run/${_id}`, poller.authorization));
        times.push(stamp() - at);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    };
    await Promise.all([send(), poll()]);
    await sender.connection.send(text('POST', `/tasks/${_id}/update`, sender.authorization, '{"task_status":"completed"}'));
    return { times, updates, seconds: (stamp() - from) / 1_000 };
  },
  close: () => {
    for (const { connection } of farmers) connection.close();
  },
});
