import { createSocket, type Socket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import type { Logger } from 'pino';
import type { Clock } from '../../ports/clock.ts';
import { addressRule } from '../kit/addresses.ts';
import { TokenBucket } from '../kit/token-bucket.ts';
import { addressFor, type LocalAddress, searchesManager, ssdpAnswer } from './ssdp-answer.ts';

export interface SsdpOptions {
  /** Addresses that the server listens on. */
  readonly hosts: readonly string[];
  /** Where the workers find it; null: not listening yet. */
  readonly httpPort: () => number | null;
  readonly uuid: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** 1900, but for tests. */
  readonly port?: number;
  readonly interfaces?: () => readonly (LocalAddress & { readonly name: string })[];
}

const groups = { IPv4: '239.255.255.250', IPv6: 'ff05::c' } as const;
const ssdpPort = 1_900;
/** The worker waits 1 s and tries five times: nobody needs more. An answer is larger than its question. */
const answersPerSecond = 50;
const searchBytes = 2_048;

/** Answers workers that look for a manager (flamenco §1), on every interface that can. Without any it only says so. */
export class Ssdp {
  readonly #options: SsdpOptions;
  readonly #bucket: TokenBucket;
  readonly #sockets: Socket[] = [];

  constructor(options: SsdpOptions) {
    this.#options = options;
    this.#bucket = new TokenBucket(answersPerSecond, answersPerSecond, options.clock.monotonic());
  }

  /** Ports that are listened on, for tests. */
  get ports(): readonly number[] {
    return this.#sockets.map((socket) => socket.address().port);
  }

  async start(): Promise<void> {
    await Promise.all([this.#open('IPv4'), this.#open('IPv6')]);
    if (this.#sockets.length === 0) {
      this.#options.log.warn({ event: 'flamenco.ssdp-off' }, 'no multicast here: workers must be told manager_url');
    }
  }

  async close(): Promise<void> {
    const closing = this.#sockets.splice(0).map((socket) => new Promise<void>((resolve) => socket.close(() => resolve())));
    await Promise.all(closing);
  }

  async #open(family: LocalAddress['family']): Promise<void> {
    const { log, port = ssdpPort } = this.#options;
    const socket = createSocket({ type: family === 'IPv4' ? 'udp4' : 'udp6', reuseAddr: true, ipv6Only: family === 'IPv6' });
    socket.unref();
    const failed = await new Promise<Error | null>((resolve) => {
      socket.once('error', resolve);
      socket.bind(port, () => resolve(null));
    });
    if (failed === null && this.#join(socket, family) > 0) {
      socket.on('error', (error) => log.warn({ event: 'flamenco.ssdp-failed', err: error }));
      socket.on('message', (datagram, sender) => this.#hear(socket, datagram, sender));
      this.#sockets.push(socket);
      return;
    }
    log.debug({ event: 'flamenco.ssdp-unavailable', family, err: failed?.message });
    if (failed === null) socket.close();
  }

  /** How many interfaces take part. */
  #join(socket: Socket, family: LocalAddress['family']): number {
    let joined = 0;
    for (const { address, name, family: its } of this.#interfaces()) {
      if (its !== family) continue;
      try {
        socket.addMembership(groups[family], family === 'IPv4' ? address : `::%${name}`);
        joined++;
      } catch (error) {
        // One that knows no multicast, or is a member already under another address.
        const { message } = error as Error;
        this.#options.log.debug({ event: 'flamenco.ssdp-unavailable', name, address, err: message });
      }
    }
    return joined;
  }

  #hear(socket: Socket, datagram: Buffer, { address, port }: { address: string; port: number }): void {
    const { httpPort, hosts, uuid, clock, log } = this.#options;
    const listening = httpPort();
    if (listening === null || datagram.length > searchBytes || !searchesManager(datagram.toString('latin1'))) return;
    const now = clock.monotonic();
    if (this.#bucket.wait(now) > 0) return;
    this.#bucket.take(1);
    const host = addressFor(address.replace(/%.*$/, ''), this.#interfaces(), hosts, isWithin);
    if (host === null) return;
    // At once, whatever MX says: the worker waits no longer than 1 s.
    socket.send(ssdpAnswer({ host, port: listening, uuid }), port, address, (error) => {
      if (error !== null) log.debug({ event: 'flamenco.ssdp-unsent', address, err: error.message });
    });
  }

  #interfaces(): readonly (LocalAddress & { readonly name: string })[] {
    return this.#options.interfaces?.() ?? localAddresses();
  }
}

const isWithin = (cidr: string, address: string): boolean => addressRule([cidr])(address);

function localAddresses(): (LocalAddress & { name: string })[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.flatMap(({ address, cidr, family, internal }) => (internal ? [] : [{ name, address, cidr, family }])),
  );
}
