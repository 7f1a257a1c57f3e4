import { request } from 'node:http';
import { WireClient } from '../../concierge/lib/wire-client.ts';

/** What the editor sees of an answer, and what it does not look at. */
export interface Answer {
  readonly status: number;
  /** Shown to the user as an alert. */
  readonly phrase: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly bytes: Buffer;
  readonly text: string;
}

export interface Request {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** One plain HTTP request. Imports no product code. */
export function http(port: number, method: string, path: string, { headers = {}, body }: Request = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: '127.0.0.1', method, path, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const bytes = Buffer.concat(parts);
        resolve({
          status: response.statusCode ?? 0,
          phrase: response.statusMessage ?? '',
          headers: response.headers as Answer['headers'],
          bytes,
          text: bytes.toString('utf8'),
        });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

export type Json = Readonly<Record<string, unknown>>;

export interface SimJob {
  readonly metadata: Readonly<Record<string, string>>;
  readonly id: number;
  readonly stages: number;
  readonly completedStages: number;
  readonly status: string;
  readonly initialSimSteps: number;
  readonly simSteps: number;
  readonly progress: number;
  readonly initialStageSimSteps: readonly number[];
  readonly stageSimSteps: readonly number[];
  readonly stageProgress: readonly number[];
  readonly extensions: readonly number[];
  readonly error: string | null;
}

/** As the editor behaves (dnaforge §1): a raw token, a JSON content type on every call but the first. */
export class Editor {
  readonly port: number;
  readonly token: string;

  private constructor(port: number, token: string) {
    this.port = port;
    this.token = token;
  }

  static async enter(
    port: number,
    { access = 'null', path = '/auth' }: { access?: string; path?: string } = {},
  ): Promise<Editor> {
    const { status, text } = await http(port, 'GET', path, { headers: { authorization: access } });
    if (status !== 200) throw new Error(`/auth answers ${status}`);
    return new Editor(port, text.startsWith('{') ? (JSON.parse(text) as { bearerToken: string }).bearerToken : text);
  }

  static known(port: number, token: string): Editor {
    return new Editor(port, token);
  }

  call(method: string, path: string, body?: string | object, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const text = typeof body === 'object' ? JSON.stringify(body) : body;
    return http(this.port, method, path, {
      headers: { authorization: this.token, 'content-type': 'application/json', ...headers },
      ...(text === undefined ? {} : { body: text }),
    });
  }

  async json<T = unknown>(method: string, path: string, body?: object): Promise<T> {
    const { status, phrase, text } = await this.call(method, path, body);
    if (status !== 200) throw new Error(`${method} ${path} answers ${status} ${phrase}`);
    return JSON.parse(text) as T;
  }

  submit(job: object): Promise<SimJob> {
    return this.json<SimJob>('POST', '/job', job);
  }

  list(): Promise<SimJob[]> {
    return this.json<SimJob[]>('GET', '/job');
  }

  /** A socket that has shown the token. */
  async socket(more: Json = {}): Promise<Ears> {
    const ears = await Ears.open(this.port);
    ears.say({ type: 'WebSocketAuth', bearerToken: this.token, ...more });
    const answer = await ears.hear();
    if (answer.success !== true) throw new Error('the socket was not let in');
    return ears;
  }
}

/** A socket at `/`, and what comes over it in order. */
export class Ears {
  readonly wire: WireClient;

  private constructor(wire: WireClient) {
    this.wire = wire;
  }

  static async open(port: number, headers: Readonly<Record<string, string>> = {}): Promise<Ears> {
    const wire = await WireClient.open(port, { path: '/', headers });
    if (wire.status !== 101) throw new Error(`no socket: ${wire.head.split('\r\n', 1)[0]}`);
    return new Ears(wire);
  }

  say(message: object | string): void {
    this.wire.say(message);
  }

  async hear(): Promise<Heard> {
    return (await this.wire.hear()) as unknown as Heard;
  }

  /** Everything up to the first that fits, which is the last of the list. */
  async until(fits: (heard: Heard) => boolean): Promise<Heard[]> {
    const all: Heard[] = [];
    for (;;) {
      const heard = await this.hear();
      all.push(heard);
      if (fits(heard)) return all;
    }
  }
}

export interface Heard extends Json {
  readonly type: string;
  readonly jobId?: number;
  readonly job?: SimJob | null;
  readonly top?: string;
  readonly dat?: string;
  readonly success?: boolean;
}

/** `JobUpdate RUNNING`, in short. */
export const told = ({ type, job }: Heard): string => `${type} ${job === null ? 'null' : job?.status}`;
