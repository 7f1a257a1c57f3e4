import type { FromWorker, ToWorker } from '@switchyard/sdk/worker-wire.ts';
import { encodeLogFrame } from '@switchyard/sdk/worker-wire.ts';
import { WebSocket } from 'ws';
import { until } from '../../lib/until.ts';

/** A worker as the wire describes it, played by hand. */
export interface SocketWorker extends AsyncDisposable {
  readonly socket: WebSocket;
  /** Messages so far; `frames` keeps what came together. */
  readonly heard: readonly ToWorker[];
  readonly frames: readonly (readonly ToWorker[])[];
  readonly closed: { readonly code: number; readonly reason: string } | null;
  say(...messages: FromWorker[]): void;
  raw(text: string): void;
  log(task: number, attempt: number, offset: number, text: string, stream?: 'out' | 'err' | 'log'): void;
  hear<M extends ToWorker['m']>(m: M, nth?: number): Promise<Extract<ToWorker, { m: M }>>;
  /** Cuts the line without a word. */
  cut(): Promise<void>;
  gone(): Promise<void>;
}

export function hello(more: Partial<Extract<FromWorker, { m: 'hello' }>> = {}): FromWorker {
  return {
    m: 'hello',
    instance: 'instance-1',
    name: 'scripted',
    version: '9',
    kinds: ['shell'],
    tags: ['files'],
    total: { slots: 2, cpus: 4, ramMb: 1_000, named: { gpu: 1 } },
    prefetch: 0,
    info: { host: 'here' },
    holds: [],
    ...more,
  };
}

export function openSocket(url: string, token: string, protocol = 'switchyard-worker.1'): WebSocket {
  return new WebSocket(`${url.replace('http', 'ws')}/v1/worker`, [protocol], { headers: { authorization: `Bearer ${token}` } });
}

/** The HTTP status with which an upgrade is refused, and the problem. */
export function refusedUpgrade(socket: WebSocket): Promise<{ status: number; code: string }> {
  return new Promise((resolve, reject) => {
    socket.on('open', () => reject(new Error('it was let in')));
    socket.on('error', () => {});
    socket.on('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (part: Buffer) => (text += part.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, code: (JSON.parse(text) as { code: string }).code }));
    });
  });
}

export async function socketWorker(url: string, token = 'worker'): Promise<SocketWorker> {
  const socket = openSocket(url, token);
  const heard: ToWorker[] = [];
  const frames: ToWorker[][] = [];
  let closed: SocketWorker['closed'] = null;
  socket.on('message', (data, binary) => {
    if (binary) throw new Error('a server never sends binary frames');
    const messages = JSON.parse(data.toString()) as ToWorker[];
    frames.push(messages);
    heard.push(...messages);
  });
  socket.on('error', () => {});
  socket.on('close', (code, reason) => {
    closed = { code, reason: reason.toString() };
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  const gone = (): Promise<void> => until(() => closed !== null);
  return {
    socket,
    heard,
    frames,
    get closed() {
      return closed;
    },
    say: (...messages) => socket.send(JSON.stringify(messages)),
    raw: (text) => socket.send(text),
    log: (task, attempt, offset, text, stream = 'out') =>
      socket.send(encodeLogFrame(task, attempt, stream, offset, Buffer.from(text))),
    hear: async (m, nth = 1) => {
      const found = () => heard.filter((message) => message.m === m)[nth - 1];
      await until(() => found() !== undefined || closed !== null);
      const message = found();
      if (message === undefined) throw new Error(`closed (${closed?.code} ${closed?.reason}) before ${m}`);
      return message as never;
    },
    cut: async () => {
      socket.terminate();
      await gone();
    },
    gone,
    [Symbol.asyncDispose]: async () => {
      socket.terminate();
      await gone();
    },
  };
}
