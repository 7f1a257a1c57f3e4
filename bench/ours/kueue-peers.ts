import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { stamp } from '../lib/clock.ts';
import { serveCalls } from '../lib/program.ts';

/** Scripted Kueue clients and workers of version 0.18 (`docs/protocols/kueue.md`), lean, for any server that speaks to them. */
interface Place {
  readonly port: number;
  readonly secret: string;
}

type Message = readonly [name: string, body: never];
// biome-ignore lint/suspicious/noExplicitAny: whatever the server sends; only its own fields are read
type Body = any;

const quote = 0x22;
const backslash = 0x5c;

class Connection {
  readonly socket: Socket;
  readonly #hear: (name: string, body: Body) => void;
  #rest: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket, hear: (name: string, body: Body) => void) {
    this.socket = socket;
    this.#hear = hear;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#data(bytes));
    socket.on('error', () => {});
  }

  static open(port: number, hear: (name: string, body: Body) => void): Promise<Connection> {
    const socket = connect(port, '127.0.0.1');
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.once('connect', () => resolve(new Connection(socket, hear)));
    });
  }

  send(text: string): void {
    this.socket.write(text);
  }

  #data(bytes: Buffer): void {
    let chunk = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    for (let end = endOf(chunk); end > 0; end = endOf(chunk)) {
      const value = JSON.parse(chunk.toString('utf8', 0, end)) as string | Record<string, Body>;
      chunk = chunk.subarray(end);
      const [name, body] = (typeof value === 'string' ? [value, null] : Object.entries(value)[0]) as unknown as Message;
      this.#hear(name, body);
    }
    this.#rest = chunk;
  }
}

/** 0: not whole yet. */
function endOf(chunk: Buffer): number {
  let depth = 0;
  for (let at = 0; at < chunk.length; at++) {
    const byte = chunk[at];
    if (byte === quote) {
      at = chunk.indexOf(quote, at + 1);
      while (at > 0 && chunk[at - 1] === backslash) at = chunk.indexOf(quote, at + 1);
      if (at < 0) return 0;
    } else if (byte === 0x7b || byte === 0x5b) depth++;
    else if (byte === 0x7d || byte === 0x5d) depth--;
    if (depth === 0) return at + 1;
  }
  return 0;
}

const answerTo = (secret: string, salt: string): string =>
  createHash('sha256')
    .update(secret + salt)
    .digest('base64')
    .replace('=', '');
const now = (): string => new Date().toISOString();
const issue = (): string =>
  `{"IssueJob":{"job_id":0,"cmd":["true","some","arguments"],"cwd":"/tmp","local_resources":{"job_slots":1,"cpus":1,"ram_mb":1},"global_resources":null,"status":{"Pending":{"issued":"${now()}"}},"stdout_path":null,"stderr_path":null}}`;
const system =
  '{"UpdateSystemInfo":{"kernel":"6.1.0","distribution":"Linux","cpu_cores":16,"cpu_frequency":2900,"total_ram_mb":64000,"load_info":{"one":0.5,"five":0.25,"fifteen":0.1}}}';
const room = (slots: number): string => `{"UpdateResources":{"job_slots":${slots},"cpus":${slots},"ram_mb":64000}}`;

let place: Place;
const clients: Client[] = [];
const workers: Worker[] = [];
/** Called for every offer and every end. */
let offered: (id: number) => void = () => {};
let ended: () => void = () => {};

class Client {
  readonly connection: Connection;
  #answered: (body: Body) => void = () => {};

  private constructor(connection: Connection) {
    this.connection = connection;
  }

  static async open(): Promise<Client> {
    const box: { client?: Client } = {};
    const connection = await Connection.open(place.port, (name, body) => box.client?.hear(name, body));
    const client = new Client(connection);
    box.client = client;
    await client.ask('"HelloFromClient"');
    const { salt } = await client.ask('"AuthRequest"');
    if ((await client.ask(JSON.stringify({ AuthResponse: answerTo(place.secret, salt) }))) !== true)
      throw new Error('not accepted');
    return client;
  }

  hear(name: string, body: Body): void {
    if (name === 'RejectJob') throw new Error(body.reason);
    this.#answered(body);
  }

  ask(text: string): Promise<Body> {
    return new Promise((resolve) => {
      this.#answered = resolve;
      this.connection.send(text);
    });
  }
}

const slots = 4;

/** Runs everything in no time: the end follows the confirmation at once, in one write with the new room. */
class Worker {
  readonly connection: Connection;
  #free = slots;
  #accepted: () => void = () => {};

  private constructor(connection: Connection) {
    this.connection = connection;
  }

  static async open(): Promise<Worker> {
    const box: { worker?: Worker } = {};
    const connection = await Connection.open(place.port, (name, body) => box.worker?.hear(name, body));
    const worker = new Worker(connection);
    box.worker = worker;
    const accepted = new Promise<void>((resolve) => {
      worker.#accepted = resolve;
    });
    connection.send('{"HelloFromWorker":{"worker_name":"bench"}}');
    await accepted;
    return worker;
  }

  hear(name: string, body: Body): void {
    if (name === 'AuthChallenge') this.connection.send(JSON.stringify({ AuthResponse: answerTo(place.secret, body.salt) }));
    else if (name === 'AuthAccepted') {
      this.connection.send(system + room(this.#free));
      this.#accepted();
    } else if (name === 'OfferJob') this.#accept(body);
    else if (name === 'ConfirmJobOffer') this.#run(body);
  }

  #accept(job: Body): void {
    offered(job.job_id);
    this.#free -= 1;
    this.connection.send(`{"AcceptJobOffer":${echo(job, JSON.stringify(job.status))}}`);
  }

  #run(job: Body): void {
    const { issued, started, worker } = job.status.Running;
    this.#free += 1;
    const status = `{"Finished":{"issued":"${issued}","started":"${started}","finished":"${now()}","return_code":0,"worker":"${worker}","run_time_seconds":0,"comment":"ok"}}`;
    const results = `{"UpdateJobResults":{"job_id":${job.job_id},"stdout_text":"done\\n","stderr_text":null}}`;
    this.connection.send(`{"UpdateJobStatus":${echo(job, status)}}${results}${room(this.#free)}`);
    ended();
  }
}

function echo({ job_id, cmd, cwd, local_resources }: Body, status: string): string {
  const job = JSON.stringify({ job_id, cmd, cwd, local_resources, global_resources: null });
  return `${job.slice(0, -1)},"status":${status},"stdout_path":null,"stderr_path":null}`;
}

/** For so long: a client submits whenever fewer than `outstanding` jobs are on their way. */
async function cycles({ ms, outstanding }: { ms: number; outstanding: number }): Promise<{ count: number; seconds: number }> {
  const from = stamp();
  const until = from + ms;
  let onTheWay = 0;
  let count = 0;
  let waiting: (() => void)[] = [];
  ended = () => {
    onTheWay--;
    if (stamp() < until) count++;
    const [next, ...rest] = waiting;
    waiting = rest;
    next?.();
  };
  await Promise.all(
    clients.map(async (client) => {
      while (stamp() < until) {
        if (onTheWay >= outstanding) await new Promise<void>((resolve) => waiting.push(resolve));
        onTheWay++;
        await client.ask(issue());
      }
    }),
  );
  const seconds = (stamp() - from) / 1_000;
  while (onTheWay > 0) await setTimeout(5);
  return { count, seconds };
}

/** Milliseconds from before the write of `IssueJob` to `OfferJob` at the worker, one job at a time. */
async function latency({ count }: { count: number }): Promise<number[]> {
  const [client] = clients;
  const times: number[] = [];
  for (let n = 0; n < count; n++) {
    const gone = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const from = stamp();
    offered = () => times.push(stamp() - from);
    await client?.ask(issue());
    await gone;
    await setTimeout(2 + (n % 5));
  }
  offered = () => {};
  return times;
}

/** A head worker's 900 pairs a second for so long; how long others wait for a list meanwhile. */
async function flood({ ms }: { ms: number }): Promise<{ pairs: number; times: number[] }> {
  const [worker] = workers;
  const [client] = clients;
  const times: number[] = [];
  let pairs = 0;
  const from = stamp();
  const flags = '"pending":true,"offered":true,"running":true,"succeeded":false,"failed":false,"canceled":false';
  while (stamp() - from < ms) {
    const due = Math.floor((stamp() - from) * 0.9);
    for (; pairs < due; pairs++) worker?.connection.send(system + room(slots));
    const asked = stamp();
    await client?.ask(`{"ListJobs":{"num_jobs":20,${flags}}}`);
    times.push(stamp() - asked);
    await setTimeout(1);
  }
  return { pairs, times };
}

serveCalls({
  async open({ clients: c, workers: w, ...at }: Place & { clients: number; workers: number }) {
    place = at;
    while (clients.length < c) clients.push(await Client.open());
    while (workers.length < w) workers.push(await Worker.open());
  },
  cycles,
  latency,
  flood,
  lost: () => [...clients, ...workers].filter(({ connection }) => connection.socket.destroyed).length,
  close() {
    for (const { connection } of [...clients, ...workers]) connection.socket.destroy();
  },
});
