import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { TaskBody } from '@switchyard/sdk/task-spec.ts';
import {
  decodeLiveFrame,
  decodeLogFrame,
  type FromWorker,
  type LiveFrame,
  type LogFrame,
  liveFrame,
  type ToWorker,
  type WireHello,
  type WireTask,
} from '@switchyard/sdk/worker-wire.ts';
import { type WebSocket, WebSocketServer } from 'ws';

export const token = 'the-token-of-the-tests';

export interface ServerScript {
  readonly port?: number;
  /** HTTP status for upgrades, instead of taking them. */
  readonly refuse?: number;
  readonly leaseMs?: number;
  /** Answer every `end` and `give-back` with `ended`. Default true. */
  readonly ack?: boolean;
  /** Answer log frames with `logged`. Default true. */
  readonly ackLogs?: boolean;
  /** Answer `hello` with an empty `welcome`. Default true. */
  readonly welcome?: boolean;
  /** Answer `accept` with `go` (the attempt that was offered). Default true. */
  readonly go?: boolean;
}

/** A server that does what a test tells it, by the schemas of the wire alone: no product code. */
export class ScriptedServer {
  readonly #http: Server;
  readonly #sockets = new Set<Socket>();
  readonly #peers: Peer[] = [];
  readonly #waiting: ((peer: Peer) => void)[] = [];
  script: ServerScript;
  readonly blobs = new Map<string, Buffer>();
  readonly artifacts = new Map<number, { path: string; blob: string; size: number }[]>();
  /** What was sent as the newest picture, in order. */
  readonly images: { readonly task: number; readonly bytes: Buffer }[] = [];
  readonly requests: string[] = [];
  /** When set: what blob requests are answered with instead. */
  blobStatus: number | null = null;
  upgrades = 0;

  private constructor(http: Server, script: ServerScript) {
    this.#http = http;
    this.script = script;
  }

  static async open(script: ServerScript = {}): Promise<ScriptedServer> {
    const http = createServer();
    const server = new ScriptedServer(http, script);
    const wss = new WebSocketServer({ noServer: true, handleProtocols: (names) => [...names][0] ?? false });
    http.on('connection', (socket) => {
      server.#sockets.add(socket);
      socket.on('close', () => server.#sockets.delete(socket));
    });
    http.on('upgrade', (request, socket, head) => {
      server.upgrades += 1;
      const status = server.script.refuse ?? (request.headers.authorization === `Bearer ${token}` ? null : 401);
      if (status !== null) {
        socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
        return;
      }
      wss.handleUpgrade(request, socket, head, (ws) => server.#take(ws, request));
    });
    http.on('request', (request, response) => {
      server.#answer(request, response).catch((cause: unknown) => {
        // Whoever was killed in the middle of a request needs no answer.
        if (request.complete) throw cause;
      });
    });
    http.listen(script.port ?? 0, '127.0.0.1');
    await once(http, 'listening');
    return server;
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The next connection that has said hello. */
  peer(): Promise<Peer> {
    const peer = this.#peers.shift();
    if (peer !== undefined) return Promise.resolve(peer);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  putBlob(bytes: Buffer | string): string {
    const content = Buffer.from(bytes);
    const blob = createHash('sha256').update(content).digest('hex');
    this.blobs.set(blob, content);
    return blob;
  }

  /** Cuts everything, as a killed server does. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => {
      this.#http.close(resolve);
    });
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #take(ws: WebSocket, request: IncomingMessage): void {
    const peer = new Peer(ws, this, request);
    ws.on('message', (data, binary) => {
      peer.receive(data as Buffer, binary);
      if (peer.hello === null || peer.known) return;
      peer.known = true;
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#peers.push(peer);
      else waiting(peer);
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '' } = request;
    this.requests.push(`${method} ${url}`);
    if (request.headers.authorization !== `Bearer ${token}`) return void response.writeHead(401).end();
    if (this.blobStatus !== null) return void response.writeHead(this.blobStatus).end('not now');
    const body: Buffer[] = [];
    for await (const piece of request) body.push(piece as Buffer);
    if (method === 'POST' && url === '/v1/blobs') {
      const content = Buffer.concat(body);
      response.writeHead(201).end(JSON.stringify({ blob: this.putBlob(content), size: content.length }));
      return;
    }
    const blob = this.blobs.get(/^\/v1\/blobs\/(\w+)$/.exec(url)?.[1] ?? '');
    if (blob !== undefined) return void response.writeHead(200).end(blob);
    const image = /^\/v1\/tasks\/(\d+)\/image$/.exec(url)?.[1];
    if (method === 'PUT' && image !== undefined) {
      this.images.push({ task: Number(image), bytes: Buffer.concat(body) });
      return void response.writeHead(204).end();
    }
    const task = /^\/v1\/tasks\/(\d+)\/artifacts$/.exec(url)?.[1];
    const artifacts = this.artifacts.get(Number(task));
    if (artifacts !== undefined) return void response.writeHead(200).end(JSON.stringify({ artifacts }));
    response.writeHead(404).end('no such thing');
  }
}

type Named<M extends FromWorker['m']> = FromWorker & { m: M };

/** One connection of a worker, as the server sees it. */
export class Peer {
  readonly #ws: WebSocket;
  readonly #server: ScriptedServer;
  readonly #watchers = new Set<() => void>();
  readonly request: IncomingMessage;
  readonly received: FromWorker[] = [];
  readonly frames: LogFrame[] = [];
  readonly live: LiveFrame[] = [];
  /** What came, in order: message names, and `log` for log frames. */
  readonly order: string[] = [];
  textFrames = 0;
  hello: WireHello | null = null;
  known = false;
  closed = false;

  constructor(ws: WebSocket, server: ScriptedServer, request: IncomingMessage) {
    this.#ws = ws;
    this.#server = server;
    this.request = request;
    ws.on('error', () => {});
    ws.on('close', () => {
      this.closed = true;
      this.#wake();
    });
  }

  receive(data: Buffer, binary: boolean): void {
    if (binary && data[0] === liveFrame.version) this.#live(data);
    else if (binary) this.#log(data);
    else {
      this.textFrames += 1;
      for (const message of JSON.parse(data.toString()) as FromWorker[]) this.#message(message);
    }
    this.#wake();
  }

  say(...messages: ToWorker[]): void {
    this.#ws.send(JSON.stringify(messages));
  }

  raw(data: string): void {
    this.#ws.send(data);
  }

  ping(): void {
    this.#ws.ping();
  }

  welcome(more: Partial<ToWorker & { m: 'welcome' }> = {}): void {
    this.say({
      m: 'welcome',
      worker: 1,
      session: 1,
      leaseMs: this.#server.script.leaseMs ?? 15_000,
      kill: [],
      logs: [],
      ...more,
    });
  }

  run(...tasks: Partial<WireTask>[]): void {
    this.say(...tasks.map((task) => ({ m: 'run' as const, task: wireTask(task) })));
  }

  offer(...tasks: Partial<WireTask>[]): void {
    this.say(...tasks.map((task) => ({ m: 'offer' as const, task: wireTask(task) })));
  }

  hangUp(code: number, why: string): void {
    this.#ws.close(code, why);
  }

  /** Cut without a word. */
  cut(): void {
    this.#ws.terminate();
  }

  /** Resolves when the condition holds; looked at after every message. Rejects when the connection is gone before. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.closed) throw new Error(`the connection ended; came: ${this.order.join(' ')}`);
      await new Promise<void>((resolve) => {
        this.#watchers.add(resolve);
      });
    }
  }

  async got<M extends FromWorker['m']>(name: M, task?: number): Promise<Named<M>> {
    const find = () =>
      this.received.find((message) => message.m === name && (task === undefined || ('task' in message && message.task === task)));
    await this.until(() => find() !== undefined);
    return find() as Named<M>;
  }

  all<M extends FromWorker['m']>(name: M): Named<M>[] {
    return this.received.filter((message) => message.m === name) as Named<M>[];
  }

  /** The bytes of a stream as they came, gaps left out. */
  output(task: number, stream: 'out' | 'err' | 'log' = 'out'): string {
    return Buffer.concat(
      this.frames.filter((frame) => frame.task === task && frame.stream === stream).map((frame) => frame.bytes),
    ).toString();
  }

  async gone(): Promise<void> {
    while (!this.closed) {
      await new Promise<void>((resolve) => {
        this.#watchers.add(resolve);
      });
    }
  }

  #wake(): void {
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    for (const watcher of watchers) watcher();
  }

  #live(data: Buffer): void {
    const frame = decodeLiveFrame(new Uint8Array(data));
    if (frame === null) throw new Error('not a live frame');
    this.live.push(frame);
    this.order.push('live');
  }

  #log(data: Buffer): void {
    const frame = decodeLogFrame(new Uint8Array(data));
    if (frame === null) throw new Error('not a log frame');
    this.frames.push(frame);
    this.order.push('log');
    if (this.#server.script.ackLogs === false) return;
    const { task, attempt, stream, offset, bytes } = frame;
    this.say({ m: 'logged', task, attempt, stream, length: offset + bytes.length });
  }

  #message(message: FromWorker): void {
    this.received.push(message);
    this.order.push(message.m);
    const { script } = this.#server;
    if (message.m === 'hello') {
      this.hello = message;
      if (script.welcome !== false) this.welcome();
    }
    if ((message.m === 'end' || message.m === 'give-back') && script.ack !== false) {
      this.say({ m: 'ended', task: message.task, attempt: message.attempt });
    }
    if (message.m === 'accept' && script.go !== false) this.say({ m: 'go', task: message.task, attempt: 1 });
  }
}

export function wireTask(task: Partial<WireTask>): WireTask {
  return {
    task: 1,
    attempt: 1,
    job: 1,
    jobName: 'job',
    kind: 'shell',
    index: null,
    value: null,
    key: null,
    amounts: { slots: 1, cpus: 0, ramMb: 0, named: {} },
    timeoutMs: 0,
    silenceMs: 0,
    checkpoint: null,
    body: { payload: { argv: ['true'] } },
    ...task,
  };
}

/** A task of kind shell; `inputs` and `outputs` go beside the payload, the rest into it. */
export function sh(
  script: string,
  { inputs = [], outputs = [], ...more }: Record<string, unknown> & Pick<TaskBody, 'inputs' | 'outputs'> = {},
): { body: TaskBody } {
  return { body: { payload: { argv: ['sh', '-c', script], ...more }, inputs, outputs } };
}
