import { WireClient } from '../../concierge/lib/wire-client.ts';
import { type Answer, http } from '../../dnaforge/lib/client.ts';

/** Peers of the Printerlynx wire by its specification alone: no product code. */
export type Data = Readonly<Record<string, unknown>>;

export interface Frame {
  readonly type: string;
  readonly data: Data;
}

export interface AgentDocument {
  readonly uuid: string;
  readonly name: string;
  readonly description: string;
  readonly token: string;
  readonly created_at: string;
}

export interface FileDocument {
  readonly uuid: string;
  readonly name: string;
  readonly size: number;
  readonly checksum: string;
  readonly file_type: string;
  readonly file_storage_type: string;
  readonly created_at: string;
}

export const boundary = '----switchyard';

/** A body as a browser makes it. */
export function multipart(parts: readonly { name?: string; filename?: string | null; bytes: string | Buffer }[]): Buffer {
  const pieces = parts.flatMap(({ name = 'file', filename = 'a.gcode', bytes }) => {
    const file = filename === null ? '' : `; filename="${filename}"`;
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file}\r\nContent-Type: text/x.gcode\r\n\r\n`;
    return [Buffer.from(head), Buffer.from(bytes), Buffer.from('\r\n')];
  });
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]);
}

export const multipartType = { 'content-type': `multipart/form-data; boundary=${boundary}` };

/** One who has an account. */
export class User {
  readonly port: number;
  readonly name: string;
  readonly token: string;

  constructor(port: number, name: string, token: string) {
    this.port = port;
    this.name = name;
    this.token = token;
  }

  static async register(port: number, name: string): Promise<User> {
    const body = { username: name, email: 'a@b', password: 'secret1', password_confirmation: 'secret1' };
    const answer = await send(port, 'POST', '/api/v1/auth/register', body);
    if (answer.status !== 200) throw new Error(`registering answers ${answer.status} ${answer.text}`);
    return new User(port, name, (JSON.parse(answer.text) as { token: string }).token);
  }

  /** With its token. */
  call(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return send(this.port, method, `/api/v1${path}`, body, { authorization: `Bearer ${this.token}`, ...headers });
  }

  async json<T>(method: string, path: string, body?: unknown): Promise<T> {
    const { status, text } = await this.call(method, path, body);
    if (status !== 200) throw new Error(`${method} ${path} answers ${status} ${text}`);
    return JSON.parse(text) as T;
  }

  makeAgent(name: string, description = ''): Promise<AgentDocument> {
    return this.json('POST', '/agents', { name, description });
  }

  async upload(filename: string, bytes: string | Buffer): Promise<FileDocument> {
    const answer = await this.post([{ filename, bytes }]);
    if (answer.status !== 200) throw new Error(`uploading answers ${answer.status} ${answer.text}`);
    return JSON.parse(answer.text) as FileDocument;
  }

  post(parts: Parameters<typeof multipart>[0], path = '/files/upload'): Promise<Answer> {
    return this.call('POST', path, multipart(parts), multipartType);
  }

  /** A socket that has shown the token, in the seed's dialect. */
  async socket(path = '/api/v1/ws'): Promise<Ears> {
    const ears = await Ears.open(this.port, path);
    ears.say('authentication', { token: this.token });
    const { data } = await ears.hear();
    if (data['status'] !== 'OK') throw new Error('the socket was not let in');
    return ears;
  }
}

/** JSON, or bytes as they are; no body: none. */
export function send(
  port: number,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  if (body === undefined) return http(port, method, path, { headers });
  const raw = Buffer.isBuffer(body) || typeof body === 'string';
  const type = { 'content-type': 'application/json' };
  return http(port, method, path, { headers: { ...type, ...headers }, body: raw ? (body as Buffer) : JSON.stringify(body) });
}

/** One socket and what comes over it in order. */
export class Ears {
  readonly wire: WireClient;

  protected constructor(wire: WireClient) {
    this.wire = wire;
  }

  static async open(port: number, path = '/api/v1/ws'): Promise<Ears> {
    return new Ears(await openWire(port, path));
  }

  say(type: string, data?: Data): void {
    this.wire.say({ type, ...(data === undefined ? {} : { data }) });
  }

  async hear(): Promise<Frame> {
    return (await this.wire.hear()) as unknown as Frame;
  }

  /** The first that fits; what comes before is left out. */
  async until(fits: (frame: Frame) => boolean): Promise<Frame> {
    return (await this.all(fits)).at(-1)!;
  }

  /** Everything up to the first that fits, which is the last of the list. */
  async all(fits: (frame: Frame) => boolean): Promise<Frame[]> {
    const all: Frame[] = [];
    do all.push(await this.hear());
    while (!fits(all.at(-1)!));
    return all;
  }

  /** The answer: OK, or the message of an ERROR. What is pushed meanwhile is left out. */
  async ask(type: string, data: Data): Promise<string> {
    this.say(type, data);
    return said(await this.until(isAnswer));
  }

  /** The status of the printer that is pushed next and fits. */
  async status(fits: (data: Data) => boolean): Promise<Data> {
    return (await this.until(({ type, data }) => type === 'printer_status' && fits(data))).data;
  }
}

export const isAnswer = ({ data }: Frame): boolean => data['status'] === 'OK' || data['status'] === 'ERROR';
export const said = ({ data }: Frame): string => String(data['message'] ?? data['status']);

async function openWire(port: number, path: string): Promise<WireClient> {
  const wire = await WireClient.open(port, { path });
  if (wire.status !== 101) throw new Error(`no socket: ${wire.head.split('\r\n', 1)[0]}`);
  return wire;
}

export const cold = { bed: 24.1, tool0: 23.8, tool1: 0, tool2: 0, tool3: 0 };

/** An agent that does what the test tells it. */
export class ScriptedAgent extends Ears {
  static async enter(port: number, token: string, path = '/api/v1/ws/agent'): Promise<ScriptedAgent> {
    const agent = new ScriptedAgent(await openWire(port, path));
    agent.say('authentication', { token, version: '1.0.0' });
    const { data } = await agent.hear();
    if (data['status'] !== 'success') throw new Error(`the agent was not let in: ${data['message']}`);
    return agent;
  }

  /** How a printer is; resolves when it is written. */
  async report(printer: string, more: Data = {}): Promise<void> {
    this.say('printer_status', {
      ...{ printer_uuid: printer, printer_identifier: 'Mk3 left', printer_adapter_identifier: 'SERIAL' },
      ...{ printer_adapter_interface: '/dev/ttyUSB0', status: 'available', job: null, state: { temperature: cold } },
      ...more,
    });
  }

  /** It is at this job. */
  async prints(printer: string, job: Data, progress: number, state = 'printing', more: Data = {}): Promise<void> {
    const { job_uuid, print_file_uuid, name, size } = job;
    await this.report(printer, {
      status: 'busy',
      job: { job_uuid, print_file_uuid, name, size, progress, state },
      ...more,
    });
  }

  /** The next word of this sort that it is given. */
  async told(word: string): Promise<Data> {
    const fits = ({ type, data }: Frame): boolean => (data['type'] ?? type) === word;
    return (await this.until(fits)).data;
  }

  agrees({ request_id, job_uuid }: Data): void {
    this.say('print_job', { status: 'OK', request_id, job_uuid });
  }

  refuses({ request_id, job_uuid }: Data, message: string): void {
    this.say('print_job', { status: 'ERROR', request_id, job_uuid, message });
  }

  finished({ job_uuid }: Data, result: string, message?: string): void {
    this.say('print_job', { status: 'FINISHED', job_uuid, result, ...(message === undefined ? {} : { message }) });
  }

  /** Gone without a word. */
  vanish(): void {
    this.wire.socket.resetAndDestroy();
  }
}
