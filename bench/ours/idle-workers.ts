import { type WireHello, workerProtocol } from '../../packages/sdk/src/worker-wire.ts';
import { serveCalls } from '../lib/program.ts';

/** Workers that only wait: they say hello, are welcomed, and answer pings. */
const sockets: WebSocket[] = [];

serveCalls({
  async open({ url, token, count }: { url: string; token: string; count: number }) {
    const batch = 50;
    for (let left = count; left > 0; left -= batch) {
      await Promise.all(Array.from({ length: Math.min(batch, left) }, () => openOne(url, token)));
    }
    return sockets.length;
  },
  lost: () => sockets.filter(({ readyState }) => readyState !== WebSocket.OPEN).length,
  close() {
    for (const socket of sockets) socket.close();
  },
});

function openOne(url: string, token: string): Promise<void> {
  const hello: WireHello = {
    m: 'hello',
    instance: crypto.randomUUID(),
    name: `idle-${sockets.length}`,
    version: '1',
    kinds: ['shell'],
    tags: [],
    total: { slots: 4, cpus: 4, ramMb: 4_000, named: {} },
    prefetch: 8,
    info: { host: 'idle' },
    holds: [],
  };
  const options = { protocols: [workerProtocol], headers: { authorization: `Bearer ${token}` } };
  return new Promise((resolve, reject) => {
    // Node's WebSocket takes headers; its type is the browser's.
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/worker`, options as unknown as string[]);
    sockets.push(socket);
    socket.onopen = () => socket.send(JSON.stringify([hello]));
    socket.onmessage = () => resolve();
    socket.onerror = () => reject(new Error('a worker was refused'));
  });
}
