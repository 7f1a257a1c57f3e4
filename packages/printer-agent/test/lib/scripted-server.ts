import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/** One frame of an agent. */
export interface Frame {
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: what a peer sends is looked at in tests only
  readonly data: Record<string, any>;
}

export interface StoredFile {
  readonly uuid: string;
  readonly bytes: Buffer;
  readonly checksum: string;
}

/** A Printerlynx server that does what a test tells it, by the specification alone: no product code. */
export class ScriptedServer {
  readonly #http: Server;
  readonly #sockets = new Set<Socket>();
  readonly files = new Map<string, StoredFile>();
  readonly peers: Peer[] = [];
  readonly #waiting: (() => void)[] = [];
  /** `METHOD path range` of every request for a file. */
  readonly requests: string[] = [];
  token = 'b3f1a8c2-0d4e-4f6a-9b7c-1e2d3f4a5b6c';
  /** What the next requests for a file are met with, one each. */
  readonly mishaps: ('cut' | 'wrong' | 500 | 404 | 'no-range' | 'hang')[] = [];
  wanted: (socket: WebSocket) => void = () => {};

  private constructor(http: Server) {
    this.#http = http;
  }

  static async open(port = 0): Promise<ScriptedServer> {
    const http = createServer();
    const server = new ScriptedServer(http);
    const wss = new WebSocketServer({ noServer: true });
    http.on('connection', (socket) => {
      server.#sockets.add(socket);
      socket.on('close', () => server.#sockets.delete(socket));
    });
    http.on('upgrade', (request, socket, head) => {
      if (request.url !== '/api/v1/ws/agent') {
        socket.end('HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n');
        return;
      }
      wss.handleUpgrade(request, socket, head, (ws) => server.#take(ws));
    });
    http.on('request', (request, response) => server.#answer(request, response));
    http.listen(port, '127.0.0.1');
    await once(http, 'listening');
    return server;
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  store(text: string | Buffer): StoredFile {
    const bytes = Buffer.from(text);
    const file = { uuid: randomUUID(), bytes, checksum: createHash('sha256').update(bytes).digest('hex') };
    this.files.set(file.uuid, file);
    return file;
  }

  /** The latest connection that has authenticated, once there are so many. */
  async peer(count = 1): Promise<Peer> {
    while (this.peers.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.peers[count - 1] as Peer;
  }

  /** Cuts everything, as a killed server does. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => {
      this.#http.close(resolve);
    });
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #take(ws: WebSocket): void {
    const peer = new Peer(ws);
    this.wanted(ws);
    ws.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as Frame;
      if (frame.type !== 'authentication') {
        peer.receive(frame);
        return;
      }
      peer.greeting = frame;
      if (frame.data['token'] !== this.token) {
        ws.send('{"type":"authentication","data":{"status":"error","message":"Invalid token"}}');
        return;
      }
      ws.send('{"type":"authentication","data":{"status":"success"}}');
      this.peers.push(peer);
      for (const waiting of this.#waiting.splice(0)) waiting();
    });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { url = '', headers } = request;
    this.requests.push(`${request.method} ${url} ${headers.range ?? ''}`.trim());
    if (headers.authorization !== `Bearer ${this.token}`) {
      response.writeHead(401).end('{"status":"401 Unauthorized","message":"Invalid token"}');
      return;
    }
    const file = this.files.get(/^\/api\/v1\/files\/([^/]+)\/download$/.exec(url)?.[1] ?? '');
    const mishap = this.mishaps.shift();
    if (file === undefined || typeof mishap === 'number') {
      response.writeHead(typeof mishap === 'number' ? mishap : 404).end('{}');
      return;
    }
    const from = mishap === 'no-range' ? 0 : Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
    const bytes = mishap === 'wrong' ? Buffer.from(file.bytes.map((byte) => (byte === 49 ? 50 : byte))) : file.bytes;
    const range = from > 0 ? { 'Content-Range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {};
    response.writeHead(from > 0 ? 206 : 200, { 'Content-Length': bytes.length - from, ...range });
    if (mishap === 'hang') return void response.flushHeaders();
    if (mishap !== 'cut') return void response.end(bytes.subarray(from));
    response.write(bytes.subarray(from, from + Math.floor((bytes.length - from) / 2)), () => response.socket?.destroy());
  }
}

/** One authenticated connection of an agent, as the server sees it. */
export class Peer {
  readonly #ws: WebSocket;
  readonly #watchers = new Set<() => void>();
  readonly frames: Frame[] = [];
  greeting: Frame | null = null;
  closed = false;

  constructor(ws: WebSocket) {
    this.#ws = ws;
    ws.on('error', () => {});
    ws.on('close', () => {
      this.closed = true;
      this.#wake();
    });
  }

  receive(frame: Frame): void {
    this.frames.push(frame);
    this.#wake();
  }

  say(type: string, data: Record<string, unknown>): void {
    this.#ws.send(JSON.stringify({ type, data }));
  }

  raw(data: string | Buffer): void {
    this.#ws.send(data);
  }

  cut(): void {
    this.#ws.terminate();
  }

  hangUp(code: number, why: string): void {
    this.#ws.close(code, why);
  }

  start(printer: string, file: StoredFile, more: Record<string, unknown> = {}): string {
    const job = (more['job_uuid'] as string | undefined) ?? randomUUID();
    this.say('print_job', {
      type: 'START',
      request_id: `start-${job.slice(0, 8)}`,
      job_uuid: job,
      printer_uuid: printer,
      print_file_uuid: file.uuid,
      name: 'part.gcode',
      size: file.bytes.length,
      checksum: file.checksum,
      download_path: `/api/v1/files/${file.uuid}/download`,
      ...more,
    });
    return job;
  }

  steer(type: string, printer: string, job: string): void {
    this.say('print_job', { type, request_id: type, job_uuid: job, printer_uuid: printer });
  }

  command(printer: string, command: string): void {
    this.say('printer_command', { request_id: command, printer_uuid: printer, command });
  }

  /** The first frame that fits, now or as soon as it comes. Rejects when the connection ends before. */
  async got(fits: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const found = this.frames.find(fits);
      if (found !== undefined) return found;
      if (this.closed) throw new Error(`the connection ended; came: ${JSON.stringify(this.frames.slice(-5))}`);
      await new Promise<void>((resolve) => this.#watchers.add(resolve));
    }
  }

  status(fits: (data: Frame['data']) => boolean): Promise<Frame> {
    return this.got(({ type, data }) => type === 'printer_status' && fits(data));
  }

  answer(request: string): Promise<Frame> {
    return this.got(({ data }) => data['request_id'] === request);
  }

  finished(job: string): Promise<Frame> {
    return this.got(({ type, data }) => type === 'print_job' && data['status'] === 'FINISHED' && data['job_uuid'] === job);
  }

  async gone(): Promise<void> {
    while (!this.closed) await new Promise<void>((resolve) => this.#watchers.add(resolve));
  }

  #wake(): void {
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    for (const watcher of watchers) watcher();
  }
}
