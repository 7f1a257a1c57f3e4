import { createHmac, randomBytes } from 'node:crypto';
import { Agent, request as httpRequest } from 'node:http';

/**
 * A Flamenco Worker 2.5 as it behaves on the wire (flamenco §7), written from the specification alone: its calls, its queue of
 * updates, its retries, its strictness about may-i-run, and how that service dies. Time is the test's.
 */

export interface Time {
  now(): number;
  after(ms: number, call: () => void): { cancel(): void };
}

/** What stays on the machine between two starts: `.flamenco-worker.cfg` and `flamenco-worker.db`. */
export interface Disk {
  id: string;
  secret: string;
  readonly queue: Row[];
}

export interface Row {
  readonly task: string;
  readonly body: string;
}

export interface Command {
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface Task {
  readonly _id: string;
  readonly job: string;
  readonly name: string;
  readonly commands: readonly Command[];
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface ScriptedOptions {
  readonly url: string;
  readonly time: Time;
  readonly nickname?: string;
  readonly platform?: string;
  readonly taskTypes?: readonly string[];
  readonly registrationSecret?: string;
  readonly disk?: Disk;
  /** Started with `--test`, `--single`. */
  readonly test?: boolean;
  readonly single?: boolean;
  /** What `exec` does, by its `cmd`: output lines and exit code; `hang`: until it is stopped. Default: fine, no output. */
  readonly exec?: (cmd: string) => { readonly lines?: readonly string[]; readonly code?: number; readonly hang?: boolean };
}

const second = 1_000;
const tries = 5;

export const freshDisk = (): Disk => ({ id: '', secret: '', queue: [] });

interface Running {
  readonly task: Task;
  status: string;
  index: number;
  percentage: number;
  activity: string;
  lines: string[];
  /** Ends the present command. */
  stop: (() => void) | null;
  stopped: boolean;
  /** The process ends: nothing more is said of the task. */
  ending: boolean;
}

/** Why a loop ends: the process is gone. */
class Gone extends Error {}

export class ScriptedWorker {
  readonly disk: Disk;
  /** Every request with its reply, in order of the replies. */
  readonly calls: {
    readonly at: number;
    readonly method: string;
    readonly path: string;
    readonly status: number;
    readonly body: string;
  }[] = [];
  readonly ran: Task[] = [];
  state: 'new' | 'awake' | 'asleep' | 'error' | 'ended' = 'new';
  exitCode: number | null = null;
  /** The service that asks may-i-run has crashed for good (flamenco §7.6). */
  mayIRunDead = false;
  /** Fetch loops that run at once; more than one is the defect of flamenco §2.2. */
  fetchLoops = 0;
  mostFetchLoops = 0;
  running: Running | null = null;
  /** Requests under way. */
  inFlight = 0;
  /** Network trouble: requests are refused, or their answers get lost. */
  network: 'fine' | 'down' | 'answers-lost' = 'fine';
  readonly #options: ScriptedOptions;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #timers = new Set<{ cancel(): void }>();
  #flushing: Promise<void> = Promise.resolve();
  #lastOutput = Number.NEGATIVE_INFINITY;
  #timing: Record<string, number> = {};

  constructor(options: ScriptedOptions) {
    this.#options = options;
    this.disk = options.disk ?? freshDisk();
  }

  get hasEnded(): boolean {
    return this.state === 'ended';
  }

  get nickname(): string {
    return this.#options.nickname ?? 'render-01';
  }

  /** Begins its life; what follows happens with time. */
  start(): void {
    this.#run(this.#life());
    this.#run(this.#queueLoop());
  }

  /** SIGTERM or SIGINT: stops the subprocess, one last update, the queue once, sign-off. */
  async terminate(code = 0): Promise<void> {
    this.#stopTimers();
    const { running } = this;
    if (running !== null) {
      running.stopped = true;
      running.ending = true;
      running.stop?.();
      this.#push(running, { task_status: running.status });
    }
    this.running = null;
    await this.#flush();
    if (!this.mayIRunDead) await this.#send('POST', '/sign-off').catch(() => null);
    this.#end(this.mayIRunDead ? 1 : code);
  }

  /** kill -9: nothing is said, the queue stays on disk. */
  kill(): void {
    this.#stopTimers();
    this.#end(137);
  }

  /** SIGUSR1: sleeps at once, and says of its task that it is canceled (flamenco §7.4). */
  async sleepSignal(): Promise<void> {
    const { running } = this;
    this.#stopTimers('keep-queue');
    if (running !== null) {
      running.stop?.();
      running.stopped = true;
      running.status = 'canceled';
      this.#push(running, { task_status: 'canceled', activity: 'Worker was asked to sleep' });
      this.running = null;
      await this.#flush();
    }
    this.#run(this.#fallAsleep());
  }

  wakeSignal(): void {
    this.#stopTimers('keep-queue');
    this.#run(this.#wake());
  }

  // --- life ---------------------------------------------------------------------------------------------------------

  async #life(): Promise<void> {
    const registered = await this.#identify();
    if (!registered) return;
    if (this.#options.test) void this.#send('POST', '/ack-status-change/testing').catch(() => null);
    this.state = 'awake';
    this.#run(this.#fetchLoop());
  }

  async #identify(): Promise<boolean> {
    if (this.disk.id === '' || this.disk.secret === '') return this.#register();
    for (;;) {
      const reply = await this.#patiently(() => this.#send('POST', '/sign-on', this.#about()));
      if (reply !== null && reply.status < 300) return true;
      if (reply?.status === 403) return this.#end(1);
      if (reply?.status === 401) {
        if (!(await this.#register())) return false;
        const again = await this.#patiently(() => this.#send('POST', '/sign-on', this.#about()));
        return again?.status === 401 ? this.#end(1) : true;
      }
      await this.#sleep(30 * second);
    }
  }

  #about(): Record<string, unknown> {
    const { taskTypes = ['sleep', 'blender-render', 'file-management', 'exr-merge', 'debug', 'video-encoding'] } = this.#options;
    const types = this.#options.test ? ['test-blender-render'] : taskTypes;
    return { supported_task_types: types, nickname: this.nickname };
  }

  async #register(): Promise<boolean> {
    const secret = randomBytes(48).toString('hex').slice(0, 64);
    const { platform = 'linux', registrationSecret } = this.#options;
    const authorization: Record<string, string> =
      registrationSecret === undefined ? {} : { authorization: `Bearer ${token(registrationSecret, this.#options.time.now())}` };
    for (;;) {
      const reply = await this.#patiently(() =>
        this.#send('POST', '/register-worker', { secret, platform, ...this.#about() }, authorization),
      );
      if (reply?.status === 200) {
        const { _id } = JSON.parse(reply.text) as { _id: unknown };
        if (typeof _id !== 'string' || /[$:]/.test(_id)) throw new Error(`not an id: ${String(_id)}`);
        this.disk.id = _id;
        this.disk.secret = secret;
        return true;
      }
      if (reply?.status === 403 || reply?.status === 401) return this.#end(1);
      await this.#sleep(30 * second);
    }
  }

  async #fetchLoop(): Promise<void> {
    this.fetchLoops++;
    this.mostFetchLoops = Math.max(this.mostFetchLoops, this.fetchLoops);
    try {
      let pause = 0;
      while (pause >= 0) {
        await this.#sleep(pause);
        pause = this.disk.queue.length > 10 ? 10 * second : await this.#fetch();
      }
    } finally {
      this.fetchLoops--;
    }
  }

  /** How long until the next one; below 0: none. */
  async #fetch(): Promise<number> {
    const reply = await this.#patiently(() => this.#send('POST', '/task'));
    if (reply === null) return 10 * second;
    if (reply.status === 204) return 5 * second;
    if (reply.status === 423) return this.#statusChange(reply);
    if (reply.status !== 200) return 10 * second;
    const task = parse(reply.text) as Task | null;
    if (typeof task?._id !== 'string') return 60 * second;
    const more = await this.#runTask(task);
    if (this.#options.single) {
      await this.terminate();
      return -1;
    }
    return more ? 3 * second : -1;
  }

  #statusChange(reply: Reply): number {
    const asked = parse(reply.text) as Record<string, unknown> | null;
    const exact = asked !== null && Object.keys(asked).length === 1 && typeof asked.status_requested === 'string';
    if (!exact) return 60 * second;
    this.#obey(String(asked.status_requested));
    return -1;
  }

  #obey(status: string): void {
    if (status === 'shutdown') this.#run(this.terminate());
    else if (status === 'awake') this.#run(this.#wake());
    else if (status === 'error') this.state = 'error';
    // Any other word sends it to sleep.
    else this.#run(this.#fallAsleep());
  }

  async #fallAsleep(): Promise<void> {
    this.state = 'asleep';
    void this.#send('POST', '/ack-status-change/asleep').catch(() => null);
    for (;;) {
      await this.#sleep(30 * second);
      const reply = await this.#patiently(() => this.#send('GET', '/status-change'));
      const asked = reply?.status === 200 ? (parse(reply.text) as { status_requested?: unknown } | null) : null;
      if (typeof asked?.status_requested !== 'string') continue;
      this.#obey(asked.status_requested);
      return;
    }
  }

  async #wake(): Promise<void> {
    this.state = 'awake';
    void this.#send('POST', '/ack-status-change/awake').catch(() => null);
    await this.#sleep(3 * second);
    await this.#fetchLoop();
  }

  // --- a task -------------------------------------------------------------------------------------------------------

  /** False: something else goes on with its life. */
  async #runTask(task: Task): Promise<boolean> {
    this.ran.push(task);
    const running: Running = {
      ...{
        task,
        status: 'active',
        index: 0,
        percentage: 0,
        activity: 'Starting',
        lines: [],
        stop: null,
        stopped: false,
        ending: false,
      },
    };
    this.running = running;
    // The first update carries the previous task's clockwork (flamenco §3).
    this.#push(running, { task_status: 'active', activity: 'Task started', metrics: { timing: this.#timing } });
    const supervision = { over: false };
    const obeyed = { status: null as string | null };
    this.#run(this.#supervise(running, supervision, obeyed));
    const beat = this.#beat(running, supervision);
    this.#run(beat);
    const began = this.#options.time.now();
    const failure = await this.#commands(running);
    supervision.over = true;
    if (running.ending) return false;
    if (running.stopped) {
      this.running = null;
      // Not by a signal: may-i-run said no (flamenco §7.3). Only the log, then /return.
      if (running.status !== 'canceled') {
        this.#pushLog(running);
        await this.#flush();
        await this.#return(task);
      }
      if (running.status === 'canceled') return false;
      if (obeyed.status === null) return true;
      this.#obey(obeyed.status);
      return false;
    }
    this.#timing = { total: (this.#options.time.now() - began) / second };
    running.status = failure === null ? 'completed' : 'failed';
    this.#push(running, {
      task_status: running.status,
      activity: failure ?? 'Task completed',
      metrics: { timing: this.#timing },
    });
    this.running = null;
    await this.#flush();
    return true;
  }

  async #commands(running: Running): Promise<string | null> {
    const { commands } = running.task;
    if (!Array.isArray(commands)) return 'commands is no list';
    for (const [index, { name, settings }] of commands.entries()) {
      if (running.stopped) return null;
      running.index = index;
      running.percentage = 0;
      if (!name || typeof settings !== 'object' || settings === null || Array.isArray(settings)) return 'invalid command';
      const failure = await this.#command(running, name, settings);
      if (running.stopped) return null;
      if (failure !== null) return failure;
      running.percentage = 100;
      this.#log(running, `${name}: Finished`);
    }
    return null;
  }

  async #command(running: Running, name: string, settings: Readonly<Record<string, unknown>>): Promise<string | null> {
    if (name === 'echo') {
      if (typeof settings.message !== 'string') return 'echo: Invalid settings: Missing "message" setting';
      this.#log(running, settings.message);
      return null;
    }
    if (name === 'sleep') {
      if (typeof settings.time_in_seconds !== 'number') return 'sleep: Invalid settings: "time_in_seconds" must be a number';
      await this.#interruptible(running, settings.time_in_seconds * second);
      return null;
    }
    if (name === 'exec' || name === 'blender_render') {
      const cmd = name === 'exec' ? settings.cmd : settings.filepath;
      if (typeof cmd !== 'string') return `${name}: Invalid settings: "cmd" must be a string`;
      const { lines = [], code = 0, hang = false } = this.#options.exec?.(cmd) ?? {};
      for (const line of lines) this.#output(running, line);
      if (hang) await this.#interruptible(running, 1e9);
      return code === 0 ? null : `${name}: Command failed with status ${code}`;
    }
    return `Unknown command name: ${name}`;
  }

  /** A line of a subprocess; a written file is reported, at most once in 30 s. */
  #output(running: Running, line: string): void {
    this.#log(running, `pid=4711 > ${line}`);
    const saved = /^Saved: '(.+)'/.exec(line)?.[1];
    const now = this.#options.time.now();
    if (saved === undefined || now - this.#lastOutput < 30 * second) return;
    this.#lastOutput = now;
    void this.#send('POST', '/output-produced', { paths: [saved] }).catch(() => null);
  }

  async #interruptible(running: Running, ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.#after(ms, resolve);
      running.stop = () => {
        timer.cancel();
        resolve();
      };
    });
    running.stop = null;
  }

  #log(running: Running, text: string): void {
    running.lines.push(`${new Date(this.#options.time.now()).toISOString().replace('Z', '000+00:00')}: ${text}`);
    if (running.lines.length >= 2_000) this.#pushLog(running);
  }

  /** May-i-run every 5 s (flamenco §2.2). */
  async #supervise(running: Running, supervision: { over: boolean }, obeyed: { status: string | null }): Promise<void> {
    for (;;) {
      await this.#sleep(5 * second);
      if (supervision.over || this.mayIRunDead) return;
      const reply = await this.#send('GET', `/may-i-run/${running.task._id}`).catch(() => null);
      if (reply === null) continue;
      const said = parse(reply.text) as Record<string, unknown> | null;
      if (said === null || !isMayKeepRunning(said)) {
        this.mayIRunDead = true;
        return;
      }
      if (said.may_keep_running === true || supervision.over) continue;
      running.stopped = true;
      // A real worker that is told `awake` here begins a second loop.
      if (said.status_requested === 'awake') this.#run(this.#fetchLoop());
      else if (typeof said.status_requested === 'string') obeyed.status = said.status_requested;
      running.stop?.();
      return;
    }
  }

  /** Activity and log every 15 s; the status is repeated. */
  async #beat(running: Running, supervision: { over: boolean }): Promise<void> {
    for (;;) {
      await this.#sleep(15 * second);
      if (supervision.over) return;
      this.#push(running, { task_status: running.status, activity: '' });
    }
  }

  async #return({ _id }: Task): Promise<void> {
    const reply = await this.#send('POST', `/tasks/${_id}/return`).catch(() => null);
    // On any other code it reads the body as JSON, and what is none kills the service (flamenco §2.2).
    if (reply !== null && reply.status !== 204 && parse(reply.text) === null) this.mayIRunDead = true;
  }

  // --- the queue ----------------------------------------------------------------------------------------------------

  #push(running: Running, fields: Record<string, unknown>): void {
    const { index, percentage, lines } = running;
    const update: Record<string, unknown> = {
      activity: '',
      current_command_idx: index,
      task_progress_percentage: 0,
      command_progress_percentage: percentage,
      ...fields,
    };
    if (lines.length > 0) update.log = lines.join('\n');
    running.lines = [];
    this.queue(running.task._id, update);
  }

  #pushLog(running: Running): void {
    if (running.lines.length === 0) return;
    this.queue(running.task._id, { log: running.lines.join('\n') });
    running.lines = [];
  }

  queue(task: string, update: Record<string, unknown>): void {
    this.disk.queue.push({ task, body: JSON.stringify(update) });
    if (this.state !== 'ended') this.#run(this.#flush());
  }

  async #queueLoop(): Promise<void> {
    for (;;) {
      await this.#sleep(5 * second);
      await this.#flush();
    }
  }

  /** First in, first out; one that is not taken holds up all later ones. */
  #flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#flushOnce());
    return this.#flushing;
  }

  async #flushOnce(): Promise<void> {
    if (this.disk.id === '') return;
    for (let row = this.disk.queue[0]; row !== undefined; row = this.disk.queue[0]) {
      const reply = await this.#send('POST', `/tasks/${row.task}/update`, row.body).catch(() => null);
      if (reply === null || !(reply.status < 300 || reply.status === 404 || reply.status === 409)) return;
      this.disk.queue.shift();
    }
  }

  // --- wire ---------------------------------------------------------------------------------------------------------

  /** Refused connections: five more at once, then an exception, which every caller takes as "not answered". */
  async #patiently(ask: () => Promise<Reply>): Promise<Reply | null> {
    for (let i = 0; i <= tries; i++) {
      const reply = await ask().catch((error: unknown) => {
        if (error instanceof Gone) throw error;
        return null;
      });
      if (reply !== null) return reply;
    }
    return null;
  }

  #send(method: string, path: string, body?: unknown, more: Record<string, string> = {}): Promise<Reply> {
    const { id, secret } = this.disk;
    const basic = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
    const text = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body);
    const headers = {
      'user-agent': 'Flamenco-Worker/2.5',
      accept: '*/*',
      'accept-encoding': 'gzip, deflate',
      connection: 'keep-alive',
      ...(text === null ? {} : { 'content-type': 'application/json' }),
      // Bodyless POSTs announce a length of 0.
      ...(method === 'GET' ? {} : { 'content-length': String(text === null ? 0 : Buffer.byteLength(text)) }),
      ...(path === '/register-worker' ? {} : { authorization: basic }),
      ...more,
    };
    if (this.network === 'down') return Promise.reject(new Error('refused'));
    this.inFlight++;
    return new Promise<Reply>((resolve, reject) => {
      const ask = httpRequest(new URL(path, this.#options.url), { method, headers, agent: this.#agent }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          const reply = { status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(parts).toString() };
          this.calls.push({ at: this.#options.time.now(), method, path, status: reply.status, body: text ?? '' });
          if (this.state === 'ended') reject(new Gone());
          else if (this.network === 'answers-lost') reject(new Error('timed out'));
          else resolve(reply);
        });
      });
      ask.on('error', reject);
      ask.end(text ?? undefined);
    }).finally(() => {
      this.inFlight--;
    });
  }

  // --- process ------------------------------------------------------------------------------------------------------

  #run(loop: Promise<unknown>): void {
    loop.catch((error: unknown) => {
      if (!(error instanceof Gone)) throw error;
    });
  }

  #after(ms: number, call: () => void): { cancel(): void } {
    const timer = this.#options.time.after(ms, () => {
      this.#timers.delete(timer);
      call();
    });
    this.#timers.add(timer);
    return timer;
  }

  async #sleep(ms: number): Promise<void> {
    if (this.hasEnded) throw new Gone();
    if (ms > 0) await new Promise<void>((resolve) => void this.#after(ms, resolve));
    if (this.hasEnded) throw new Gone();
  }

  /** Loops that wait never go on. */
  #stopTimers(how: 'all' | 'keep-queue' = 'all'): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.fetchLoops = 0;
    if (how === 'keep-queue') this.#run(this.#queueLoop());
  }

  #end(code: number): false {
    this.state = 'ended';
    this.exitCode = code;
    this.running = null;
    this.#stopTimers();
    this.#agent.destroy();
    return false;
  }
}

/** Its schema forbids further keys; null counts as absent (flamenco §2.2). */
function isMayKeepRunning(said: Record<string, unknown>): boolean {
  const known = ['may_keep_running', 'reason', 'status_requested'];
  const text = (value: unknown): boolean => value === undefined || value === null || typeof value === 'string';
  return (
    Object.keys(said).every((key) => known.includes(key)) &&
    typeof said.may_keep_running === 'boolean' &&
    text(said.reason) &&
    text(said.status_requested)
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** HS256, with fractional moments (flamenco §1). */
export function token(secret: string, now: number, header: object = { alg: 'HS256', typ: 'JWT' }): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const iat = now / 1_000 + 0.25;
  const signed = `${part(header)}.${part({ iat, exp: iat + 900 })}`;
  const { alg } = header as { alg: string };
  if (alg === 'none') return `${signed}.`;
  return `${signed}.${createHmac(alg.replace('HS', 'sha'), secret.trim()).update(signed).digest('base64url')}`;
}
