import { connect, type Socket } from 'node:net';

/** A plain TCP peer: writes bytes, collects what comes back, knows nothing of any protocol. */
export interface Peer extends AsyncDisposable {
  readonly socket: Socket;
  /** All bytes so far, as Latin-1 text. */
  readonly seen: string;
  readonly ended: boolean;
  write(bytes: string | Uint8Array): void;
  /** Until what came in fulfils the test; rejects when the connection closes before. */
  until(test: (seen: string) => boolean): Promise<string>;
  closed(): Promise<void>;
}

export function dial(port: number, host = '127.0.0.1'): Promise<Peer> {
  const socket = connect({ port, host, allowHalfOpen: true });
  let seen = '';
  let ended = false;
  const waiting = new Set<() => void>();
  const look = (): void => {
    for (const call of [...waiting]) call();
  };
  socket.on('data', (bytes) => {
    seen += bytes.toString('latin1');
    look();
  });
  socket.on('end', () => {
    ended = true;
    look();
  });
  socket.on('error', () => {});
  const gone = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  void gone.then(look);
  const peer: Peer = {
    socket,
    get seen() {
      return seen;
    },
    get ended() {
      return ended;
    },
    write: (bytes) => void socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes),
    until: (test) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const done = test(seen);
          if (!done && !ended && !socket.destroyed) return;
          waiting.delete(look);
          if (done) resolve(seen);
          else reject(new Error(`the connection ended; seen so far: ${JSON.stringify(seen.slice(0, 400))}`));
        };
        waiting.add(look);
        look();
      }),
    closed: async () => {
      socket.resume();
      socket.once('end', () => socket.end());
      if (ended) socket.end();
      await gone;
    },
    async [Symbol.asyncDispose]() {
      socket.destroy();
      await gone;
    },
  };
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.removeListener('error', reject);
      resolve(peer);
    });
  });
}
