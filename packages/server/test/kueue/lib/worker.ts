import { type ChildProcess, spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { answerTo } from './client.ts';
import { type Dialect, spelling } from './strict.ts';
import { dialWire, type Wire } from './wire.ts';

export interface WorkerOptions {
  readonly secret: string;
  readonly dialect?: Dialect;
  readonly name?: string;
  readonly slots?: number;
  readonly cpus?: number;
  readonly ram?: number;
  /** Directories that this machine has; default: those of the real one. */
  readonly has?: (cwd: string) => boolean;
  /** Answers no offers, or none before it is told to. */
  readonly silent?: boolean;
}

interface Amounts {
  readonly job_slots: number;
  readonly cpus: number;
  readonly ram_mb: number;
}

// biome-ignore lint/suspicious/noExplicitAny: checked by `readStrictly`
type JobInfo = any;

interface Job {
  readonly offer: JobInfo;
  process: ChildProcess | null;
  status: JobInfo | null;
  out: string;
  err: string;
}

/** The `kueue_worker` program (kueue §4): real processes, its own bookkeeping, exactly the messages that it sends. */
export class ScriptedWorker implements AsyncDisposable {
  readonly wire: Wire;
  readonly jobs = new Map<number, Job>();
  /** What it did and was told, in order: `offer 3`, `accept 3`, `confirm 3`, `withdraw 3`, `kill 3`, `end 3`. */
  readonly log: string[] = [];
  readonly #options: WorkerOptions;
  readonly #dialect: Dialect;
  #free: Amounts;
  #silent: boolean;

  static async connect(port: number, options: WorkerOptions): Promise<ScriptedWorker> {
    const dialect = options.dialect ?? 'R18';
    const wire = await dialWire(port, 'worker', dialect);
    wire.message('HelloFromWorker', { worker_name: options.name ?? 'node1' });
    await wire.expect('WelcomeWorker');
    const { salt } = await wire.expect('AuthChallenge');
    wire.message('AuthResponse', answerTo(options.secret, salt));
    const accepted = await wire.expect('AuthAccepted');
    if (!accepted) {
      await wire.closed();
      throw new Error('not accepted: the program exits 1');
    }
    const worker = new ScriptedWorker(wire, dialect, options);
    worker.report();
    return worker;
  }

  constructor(wire: Wire, dialect: Dialect, options: WorkerOptions) {
    const { slots = 10, cpus = 8, ram = 16_000, silent = false } = options;
    this.wire = wire;
    this.#dialect = dialect;
    this.#options = options;
    this.#free = { job_slots: slots, cpus, ram_mb: ram };
    this.#silent = silent;
    wire.onMessage = ({ name, body }) => this.#heard(name, body);
  }

  get free(): Amounts {
    return this.#free;
  }

  /** What it sends right after it was accepted, and then every interval. */
  report(load = 0.5): void {
    this.systemInfo(load);
    this.resources();
  }

  systemInfo(load: number | null = 0.5): void {
    const { cpus = 8, ram = 16_000 } = this.#options;
    const load_info = { one: load, five: 0.25, fifteen: 0.1 };
    const system = {
      kernel: '6.1.0',
      distribution: 'Linux 12 Debian',
      cpu_cores: cpus,
      cpu_frequency: 2900,
      total_ram_mb: ram,
      load_info,
    };
    this.wire.message('UpdateSystemInfo', system);
  }

  resources(): void {
    this.wire.message('UpdateResources', this.#free);
  }

  setFree(free: Partial<Amounts>): void {
    this.#free = { ...this.#free, ...free };
  }

  /** Answers the offers that came while it was silent. */
  speak(): void {
    this.#silent = false;
    for (const [id, { offer, status }] of this.jobs) if (status === null) this.#answer(id, offer);
  }

  /** Says one thing of an offer, whatever is the case. */
  say(answer: 'Accept' | 'Defer' | 'Reject', id: number): void {
    this.wire.message(`${answer}JobOffer`, this.#echo(id));
  }

  /** The end of a job, with texts of one's own instead of a process's. */
  finish(id: number, code: number, out: string | null = null, err: string | null = null): void {
    this.status(id, code);
    this.wire.message('UpdateJobResults', { job_id: id, stdout_text: out, stderr_text: err });
    this.#release(id);
    this.resources();
  }

  /** Only the first of the three messages. */
  status(id: number, code: number, comment = 'Job finished orderly.'): void {
    const job = this.jobs.get(id);
    const running = job?.status?.Running ?? { issued: iso(), started: iso(), worker: this.#name };
    const { issued, started, worker } = running;
    const finished = { issued, started, finished: iso(), return_code: code, worker, run_time_seconds: 0, comment };
    this.wire.message('UpdateJobStatus', { ...this.#echo(id), status: { Finished: finished } });
    this.log.push(`end ${id}`);
  }

  get #name(): string {
    return this.#options.name ?? 'node1';
  }

  #heard(name: string, job: JobInfo): void {
    const id: number = job?.job_id;
    if (name === 'OfferJob') this.#offered(id, job);
    else if (name === 'ConfirmJobOffer') this.#confirmed(id, job);
    else if (name === 'WithdrawJobOffer') this.#withdrawn(id);
    else if (name === 'KillJob') this.#killed(id, job);
    else this.log.push(name);
  }

  #offered(id: number, offer: JobInfo): void {
    this.log.push(`offer ${id}`);
    this.jobs.set(id, { offer, process: null, status: null, out: '', err: '' });
    if (!this.#silent) this.#answer(id, offer);
  }

  #answer(id: number, offer: JobInfo): void {
    const has = this.#options.has ?? isDirectory;
    const { job_slots, cpus, ram_mb }: Amounts = offer[spelling[this.#dialect]];
    const free = this.#free;
    if (!has(offer.cwd)) {
      this.log.push(`reject ${id}`);
      this.say('Reject', id);
      this.jobs.delete(id);
    } else if (job_slots <= free.job_slots && cpus <= free.cpus && ram_mb <= free.ram_mb) {
      this.#free = { job_slots: free.job_slots - job_slots, cpus: free.cpus - cpus, ram_mb: free.ram_mb - ram_mb };
      this.log.push(`accept ${id}`);
      this.say('Accept', id);
    } else {
      this.log.push(`defer ${id}`);
      this.say('Defer', id);
      this.jobs.delete(id);
    }
  }

  #confirmed(id: number, { status }: JobInfo): void {
    const job = this.jobs.get(id);
    this.log.push(`confirm ${id}`);
    if (job === undefined) return;
    if (!('Running' in status)) throw new Error(`confirmed with ${JSON.stringify(status)}`);
    job.status = status;
    if (this.#options.silent) return;
    this.#start(id, job);
    this.resources();
  }

  #start(id: number, job: Job): void {
    const { cmd, cwd } = job.offer;
    const child = spawn(cmd[0], cmd.slice(1), { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    job.process = child;
    child.stdout.setEncoding('utf8').on('data', (text: string) => (job.out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (job.err += text));
    child.once('error', (cause) => this.#ended(id, job, -43, cause.message));
    child.once('close', (code) => {
      if (child.pid !== undefined) this.#ended(id, job, code ?? -44, 'Job finished orderly.');
    });
  }

  #ended(id: number, job: Job, code: number, comment: string): void {
    if (this.wire.ended) return;
    const killed = 'Canceled' in job.status;
    if (killed) this.wire.message('UpdateJobStatus', { ...this.#echo(id), status: job.status });
    else this.status(id, code, comment);
    const texts = {
      stdout_text: killed || job.out === '' ? null : job.out,
      stderr_text: killed || job.err === '' ? null : job.err,
    };
    this.wire.message('UpdateJobResults', { job_id: id, ...texts });
    this.#release(id);
    this.resources();
  }

  #withdrawn(id: number): void {
    this.log.push(`withdraw ${id}`);
    const answered = this.log.includes(`accept ${id}`);
    if (answered) this.#release(id);
    else this.jobs.delete(id);
  }

  #killed(id: number, { status }: JobInfo): void {
    const job = this.jobs.get(id);
    this.log.push(`kill ${id}`);
    if (job === undefined) return;
    job.status = status;
    job.process?.kill('SIGKILL');
  }

  #release(id: number): void {
    const job = this.jobs.get(id);
    if (job === undefined) return;
    this.jobs.delete(id);
    const { job_slots, cpus, ram_mb }: Amounts = job.offer[spelling[this.#dialect]];
    const free = this.#free;
    this.#free = { job_slots: free.job_slots + job_slots, cpus: free.cpus + cpus, ram_mb: free.ram_mb + ram_mb };
  }

  /** The worker sends back what it was offered, in its own spelling, without what it does not know. */
  #echo(id: number): JobInfo {
    const offer = this.jobs.get(id)?.offer;
    const {
      cmd = ['?'],
      cwd = '/',
      status = { Pending: { issued: iso() } },
      stdout_path = null,
      stderr_path = null,
    } = offer ?? {};
    const amounts = offer?.[spelling[this.#dialect]] ?? { job_slots: 0, cpus: 0, ram_mb: 0 };
    const global = this.#dialect === 'R17' ? {} : { global_resources: offer?.global_resources ?? null };
    return { job_id: id, cmd, cwd, [spelling[this.#dialect]]: amounts, ...global, status, stdout_path, stderr_path };
  }

  /** The machine is switched off: processes gone, connection broken. */
  async kill(): Promise<void> {
    for (const { process } of this.jobs.values()) process?.kill('SIGKILL');
    await this.wire.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { process } of this.jobs.values()) process?.kill('SIGKILL');
    await this.wire[Symbol.asyncDispose]();
  }
}

const iso = (): string => new Date().toISOString().replace('Z', '123456Z');

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
