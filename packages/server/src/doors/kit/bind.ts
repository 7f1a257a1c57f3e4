import { createServer, isIPv6, type Server, type Socket } from 'node:net';

export interface Binding {
  readonly server: Server;
  readonly host: string;
  readonly port: number;
}

/** Listens on one address. Rejects with the system's error (`code` EADDRINUSE, EADDRNOTAVAIL, …). */
export function bind(host: string, port: number, onConnection: (socket: Socket) => void): Promise<Binding> {
  // As node:http sets its own: half-open allowed, no delay; and a peer that vanished without a word is found by the system.
  const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 });
  server.on('connection', onConnection);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, ipv6Only: isIPv6(host) && host !== '::' }, () => {
      server.removeListener('error', reject);
      const address = server.address();
      resolve({ server, host, port: typeof address === 'object' && address !== null ? address.port : port });
    });
  });
}

/** `http://127.0.0.1:8080`, IPv6 in brackets. */
export function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Why an address could not be bound, and what to do, in one sentence. */
export function bindText(error: unknown, host: string, port: number): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const place = `${host} port ${port}`;
  if (code === 'EADDRINUSE') return `${place} is taken by another program: stop that one, or choose another port`;
  if (code === 'EACCES') return `${place} needs rights that this user does not have: choose a port above 1023`;
  if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') return `this machine has no address ${host}`;
  return `${place} cannot be listened on: ${error instanceof Error ? error.message : String(error)}`;
}
