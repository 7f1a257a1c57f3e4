import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer, connect as dialPlain, type Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';

const file = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');

/** The authority that signed both; its key was thrown away. */
export const ca = file('ca.pem');
export const pair = {
  one: { cert: file('one.pem'), key: file('one.key') },
  two: { cert: file('two.pem'), key: file('two.key') },
};
export const path = (name: string): string => new URL(name, import.meta.url).pathname;

export interface SecurePeer extends AsyncDisposable {
  readonly socket: TLSSocket;
  readonly seen: () => string;
  until(test: (seen: string) => boolean): Promise<string>;
}

/** A TLS peer that checks the certificate, over a connection of its own or a given one. */
export async function dialTls(port: number, over?: Socket): Promise<SecurePeer> {
  const socket = connect({
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    ca,
    ...(over === undefined ? {} : { socket: over }),
  });
  let seen = '';
  const looks = new Set<() => void>();
  const look = (): void => {
    for (const one of [...looks]) one();
  };
  socket.on('data', (bytes: Buffer) => {
    seen += bytes.toString('latin1');
    look();
  });
  socket.on('error', () => {});
  socket.once('close', look);
  await Promise.race([once(socket, 'secureConnect'), once(socket, 'close').then(() => Promise.reject(new Error('no TLS')))]);
  return {
    socket,
    seen: () => seen,
    until: (test) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (!test(seen) && !socket.destroyed) return;
          looks.delete(check);
          if (test(seen)) resolve(seen);
          else reject(new Error(`ended; seen: ${seen.slice(0, 300)}`));
        };
        looks.add(check);
        check();
      }),
    async [Symbol.asyncDispose]() {
      if (socket.destroyed) return;
      const gone = once(socket, 'close');
      socket.destroy();
      await gone;
    },
  };
}

/** Common name of the certificate that is shown there. */
export async function certificateAt(port: number): Promise<string> {
  await using peer = await dialTls(port);
  return String(peer.socket.getPeerCertificate().subject.CN);
}

export function httpsGet(port: number, path: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, ca, servername: 'localhost', agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** A way to a port on which what the client says arrives in pieces of so many bytes. */
export async function piecewise(port: number, size: number): Promise<{ port: number } & AsyncDisposable> {
  const open = new Set<Socket>();
  const server = createServer((from) => {
    const to = dialPlain({ port, host: '127.0.0.1', noDelay: true });
    for (const socket of [from, to]) open.add(socket.on('error', () => {}));
    to.pipe(from);
    let chain = Promise.resolve();
    from.on('data', (bytes) => {
      for (let at = 0; at < bytes.length; at += size) {
        const part = bytes.subarray(at, at + size);
        chain = chain.then(() => new Promise((resolve) => to.write(part, () => setImmediate(resolve))));
      }
    });
    from.on('close', () => to.destroy());
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
