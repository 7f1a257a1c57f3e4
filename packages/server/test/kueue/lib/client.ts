import { createHash } from 'node:crypto';
import { type Dialect, spelling } from './strict.ts';
import { dialWire, type Wire } from './wire.ts';

export const answerTo = (secret: string, salt: string): string =>
  createHash('sha256')
    .update(secret + salt, 'utf8')
    .digest('base64')
    .replace(/=+$/, '');

export interface Outcome {
  /** Exit code of the real program. */
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface CmdOptions {
  readonly slots?: number | string;
  readonly cpus?: number | string;
  readonly ram?: number | string;
  readonly resources?: Record<string, number | string>;
  readonly out?: string | null;
  readonly err?: string | null;
  readonly cwd?: string;
  readonly wait?: boolean;
}

/** The `kueue` program (kueue §5): one connection per command, exactly the listed messages, anything else is exit code 1. */
export class ScriptedClient {
  readonly #port: number;
  readonly #secret: string;
  readonly dialect: Dialect;

  constructor(port: number, secret: string, dialect: Dialect = 'R18') {
    this.#port = port;
    this.#secret = secret;
    this.dialect = dialect;
  }

  /** `Hello` and `Welcome`. */
  async open(): Promise<Wire> {
    const wire = await dialWire(this.#port, 'client', this.dialect);
    wire.send('"HelloFromClient"');
    await wire.expect('WelcomeClient');
    return wire;
  }

  async authenticate(wire: Wire, secret = this.#secret): Promise<boolean> {
    wire.send('"AuthRequest"');
    const { salt } = await wire.expect('AuthChallenge');
    wire.message('AuthResponse', answerTo(secret, salt));
    return wire.expect('AuthAccepted');
  }

  /** The text of `IssueJob`, as the real program writes it: numbers may be given as text, to be written as they are. */
  issue(argv: readonly string[], options: CmdOptions = {}): string {
    const { slots = 1, cpus = 1, ram = 16, resources, out = null, err = null, cwd = '/' } = options;
    const amounts = `{"job_slots":${slots},"cpus":${cpus},"ram_mb":${ram}}`;
    const pools =
      resources === undefined
        ? 'null'
        : `{${Object.entries(resources)
            .map(([name, amount]) => `${JSON.stringify(name)}:${amount}`)
            .join(',')}}`;
    const global = this.dialect === 'R17' ? '' : `"global_resources":${pools},`;
    return (
      `{"IssueJob":{"job_id":0,"cmd":${JSON.stringify(argv)},"cwd":${JSON.stringify(cwd)},"${spelling[this.dialect]}":${amounts},${global}` +
      `"status":{"Pending":{"issued":"2025-03-04T09:14:59.906498176Z"}},"stdout_path":${JSON.stringify(out)},"stderr_path":${JSON.stringify(err)}}}`
    );
  }

  cmd(argv: readonly string[], options: CmdOptions = {}): Promise<Outcome> {
    return this.#run(async (wire) => {
      await this.#prove(wire);
      wire.send(this.issue(argv, options));
      const answer = await wire.next();
      if (answer?.name === 'RejectJob') return { code: 1, out: '', err: `${answer.body.reason}\n` };
      if (answer?.name !== 'AcceptJob') throw new Error(`unexpected ${JSON.stringify(answer)}`);
      const { job_id } = answer.body;
      if (options.wait !== true) return done(wire, `${job_id}\n`);
      wire.message('ObserveJob', { job_id });
      const status = await this.#observed(wire);
      return done(wire, 'Finished' in status ? `${status.Finished.return_code}\n` : '');
    });
  }

  /** The id. */
  async submit(argv: readonly string[], options: CmdOptions = {}): Promise<number> {
    const { code, out, err } = await this.cmd(argv, options);
    if (code !== 0) throw new Error(err);
    return Number(out);
  }

  wait(id: number | string): Promise<Outcome> {
    return this.#run(async (wire) => {
      wire.send(`{"ObserveJob":{"job_id":${id}}}`);
      await this.#observed(wire);
      return done(wire, '');
    });
  }

  remove(id: number, kill = false): Promise<Outcome> {
    return this.#run(async (wire) => {
      await this.#prove(wire);
      wire.message('RemoveJob', { job_id: id, kill });
      return done(wire, (await wire.expect('RequestResponse')).text);
    });
  }

  clean(all = false): Promise<Outcome> {
    return this.#run(async (wire) => {
      await this.#prove(wire);
      wire.message('CleanJobs', { all });
      return done(wire, (await wire.expect('RequestResponse')).text);
    });
  }

  // biome-ignore lint/suspicious/noExplicitAny: checked by `readStrictly`
  async list(flags: Record<string, boolean> = {}, num: number | string = 996): Promise<any> {
    const all = { pending: false, offered: false, running: false, succeeded: false, failed: false, canceled: false, ...flags };
    return this.ask(`{"ListJobs":{"num_jobs":${num},${JSON.stringify(all).slice(1)}}`, 'JobList');
  }

  // biome-ignore lint/suspicious/noExplicitAny: checked by `readStrictly`
  show(id: number | string): Promise<any> {
    return this.ask(`{"ShowJob":{"job_id":${id}}}`, 'JobInfo', 'RequestResponse');
  }

  // biome-ignore lint/suspicious/noExplicitAny: checked by `readStrictly`
  workers(): Promise<any[]> {
    return this.ask('"ListWorkers"', 'WorkerList');
  }

  // biome-ignore lint/suspicious/noExplicitAny: checked by `readStrictly`
  worker(id: number): Promise<any> {
    return this.ask(`{"ShowWorker":{"worker_id":${id}}}`, 'WorkerInfo', 'RequestResponse');
  }

  // biome-ignore lint/suspicious/noExplicitAny: checked by `readStrictly`
  resources(): Promise<any> {
    return this.ask('"ListResources"', 'ResourceList');
  }

  /** One request without the secret on a connection of its own; its answer must be one of these. */
  // biome-ignore lint/suspicious/noExplicitAny: checked by `readStrictly`
  async ask(request: string, ...answers: string[]): Promise<any> {
    const wire = await this.open();
    try {
      wire.send(request);
      const body = await wire.expect(...answers);
      wire.send('"Bye"');
      return body;
    } finally {
      await wire.closed();
    }
  }

  async #prove(wire: Wire): Promise<void> {
    if (!(await this.authenticate(wire))) throw new Error('authentication failed');
  }

  /** Until the job is over. */
  // biome-ignore lint/suspicious/noExplicitAny: checked by `readStrictly`
  async #observed(wire: Wire): Promise<any> {
    for (;;) {
      const { status } = await wire.expect('JobUpdated');
      if ('Finished' in status || 'Canceled' in status) return status;
    }
  }

  async #run(work: (wire: Wire) => Promise<Outcome>): Promise<Outcome> {
    const wire = await this.open();
    try {
      return await work(wire);
    } catch (cause) {
      return { code: 1, out: '', err: (cause as Error).message };
    } finally {
      await wire.closed();
    }
  }
}

function done(wire: Wire, out: string): Outcome {
  wire.send('"Bye"');
  return { code: 0, out, err: '' };
}
