import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { Clock } from '../../ports/clock.ts';
import { type Binding, bind, bindText, urlOf } from './bind.ts';
import type { Door, OwnPort, RawDoor } from './door.ts';
import { isLetter, sortByFirstByte, type Taker } from './first-byte.ts';
import { hostRule } from './host-check.ts';
import type { HttpRow } from './http-row.ts';
import { createDoorHttp, type DoorHttp, type HttpDoor } from './http-server.ts';
import { type KitLimits, kitLimits } from './limits.ts';
import type { Forbidden, RowDeps } from './serve-row.ts';
import { Sockets } from './sockets.ts';
import { onlyFromHere, TlsGate, type TlsMaterial } from './tls-gate.ts';
import type { Traffic } from './traffic.ts';
import { within } from './within.ts';

export interface ListenerOptions {
  readonly doors: readonly Door[];
  /** Addresses of the shared port. The first one must be free; the others are a warning if they are not. */
  readonly hosts: readonly string[];
  /** 0: any free one. */
  readonly port: number;
  /** Host names that this server is known by, beside loopback. */
  readonly publicHosts?: readonly string[];
  /** Origins of web pages that may use it, beside its own. */
  readonly allowedOrigins?: readonly string[];
  /** TLS on the shared port and on own ports that serve HTTP. */
  readonly tls?: { readonly material: TlsMaterial; readonly only: boolean } | null;
  readonly limits?: Partial<KitLimits>;
  /** See `RowDeps`. */
  readonly checkAnswers?: boolean;
}

export interface ListenerDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Counts what goes through each door. */
  readonly traffic?: Traffic;
  readonly forbidden?: Forbidden;
}

export interface OpenPort {
  readonly door: string;
  readonly host: string;
  readonly port: number;
  readonly serves: OwnPort['serves'];
}

export interface Listener {
  /** Of the shared port. */
  readonly port: number;
  readonly url: string;
  readonly urls: readonly string[];
  readonly ownPorts: readonly OpenPort[];
  /** What could not be had, each as one sentence; it runs without. */
  readonly warnings: readonly string[];
  /** The HTTP side, for requests without a socket in tests. */
  readonly app: FastifyInstance;
  /** Null: without TLS. */
  readonly tls: Pick<TlsGate, 'expiresAt' | 'only' | 'renew'> | null;
  /** Open connections, all ports together. */
  connections(): number;
  /** Takes no more connections, lets the doors say good-bye, ends what is left. Bounded in time; idempotent. */
  close(): Promise<void>;
}

/** The shared port cannot be had: the server does not start. */
export class PortTaken extends Error {
  constructor(text: string, cause: unknown) {
    super(text, { cause });
    this.name = 'PortTaken';
  }
}

/** Starts the doors, then listens. Knows no door by name. Throws `PortTaken`. */
export async function openListener(options: ListenerOptions, deps: ListenerDeps): Promise<Listener> {
  const life = new Life(options, deps);
  try {
    await life.open();
  } catch (error) {
    await life.close();
    throw error;
  }
  return life;
}

class Life implements Listener {
  readonly #options: ListenerOptions;
  readonly #deps: ListenerDeps;
  readonly #limits: KitLimits;
  readonly #rows: RowDeps;
  readonly #sockets = new Sockets();
  readonly #bindings: Binding[] = [];
  readonly #https: DoorHttp[] = [];
  readonly #started: Door[] = [];
  readonly #unsorted = new Set<Socket>();
  readonly tls: TlsGate | null;
  readonly urls: string[] = [];
  readonly ownPorts: OpenPort[] = [];
  readonly warnings: string[] = [];
  #closed: Promise<void> | null = null;

  constructor(options: ListenerOptions, deps: ListenerDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#limits = { ...kitLimits, ...options.limits };
    const { tls = null } = options;
    this.tls = tls === null ? null : new TlsGate({ ...tls, handshakeMs: this.#limits.handshakeMs, clock: deps.clock });
    const binds = [...options.hosts, ...options.doors.flatMap((door) => door.ports.flatMap((port) => port.hosts))];
    this.#rows = {
      clock: deps.clock,
      log: deps.log,
      limits: this.#limits,
      hosts: hostRule({ binds, names: options.publicHosts ?? [], origins: options.allowedOrigins ?? [] }),
      checkAnswers: options.checkAnswers ?? false,
      closing: () => this.#closed !== null,
      ...(deps.traffic === undefined ? {} : { traffic: deps.traffic }),
      ...(deps.forbidden === undefined ? {} : { forbidden: deps.forbidden }),
    };
  }

  get port(): number {
    return this.#bindings[0]?.port ?? 0;
  }

  get url(): string {
    return this.urls[0] ?? '';
  }

  get app(): FastifyInstance {
    const http = this.#https[0];
    if (http === undefined) throw new Error('the listener is not open');
    return http.app;
  }

  connections(): number {
    return this.#sockets.count;
  }

  async open(): Promise<void> {
    const { doors } = this.#options;
    const shared = await this.#http(doors);
    for (const door of doors) {
      this.#started.push(door);
      await door.start();
    }
    await this.#openShared(takersOf(doors, shared, this.#deps.traffic));
    for (const door of doors) for (const own of door.ports) await this.#openOwn(door, own);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #http(doors: readonly HttpDoor[]): Promise<DoorHttp> {
    const http = await createDoorHttp(doors, this.#rows);
    this.#https.push(http);
    return http;
  }

  /** Hands connections to whom their first byte belongs, outside of TLS and inside. */
  #sorter(takers: readonly Taker[]): (socket: Socket) => void {
    const { tls } = this;
    if (tls === null) return (socket) => this.#sort(socket, takers);
    const inside = tls.taker((secure) => this.#sort(secure, takers));
    const outside = [inside, ...(tls.only ? takers.map(onlyFromHere) : takers)];
    return (socket) => this.#sort(socket, outside);
  }

  #sort(socket: Socket, takers: readonly Taker[]): void {
    this.#unsorted.add(socket);
    const sorted = (): boolean => this.#unsorted.delete(socket);
    socket.once('close', sorted);
    sortByFirstByte(socket, takers, this.#deps.clock, this.#limits, sorted);
  }

  async #openShared(takers: readonly Taker[]): Promise<void> {
    const take = this.#sorter(takers);
    const { hosts } = this.#options;
    let port = this.#options.port;
    for (const [index, host] of hosts.entries()) {
      try {
        port = (await this.#bind(host, port, take)).port;
        this.urls.push(urlOf(host, port));
      } catch (error) {
        const text = bindText(error, host, port);
        if (index === 0) throw new PortTaken(text, error);
        this.#warn(text);
      }
    }
  }

  async #openOwn(door: Door, own: OwnPort): Promise<void> {
    const http = own.serves === 'http' ? await this.#http([withRows(door, own.rows ?? [])]) : null;
    const take = http === null ? this.#rawOnly(door) : this.#httpOnly(http);
    let port = own.port;
    for (const host of own.hosts) {
      try {
        port = (await this.#bind(host, port, take)).port;
        this.ownPorts.push({ door: door.name, host, port, serves: own.serves });
      } catch (error) {
        this.#warn(`the port of the door ${door.name}: ${bindText(error, host, port)}`);
      }
    }
  }

  /** Nothing is sorted there, except TLS where it is configured. */
  #httpOnly(http: DoorHttp): (socket: Socket) => void {
    return this.tls === null ? (socket) => http.accept(socket) : this.#sorter([webTaker(http)]);
  }

  #rawOnly({ name, raw }: Door): (socket: Socket) => void {
    return (socket) => {
      if (raw === null) {
        socket.destroy();
        return;
      }
      this.#deps.traffic?.uses(socket, name);
      raw.accept(socket, Buffer.alloc(0));
    };
  }

  async #bind(host: string, port: number, take: (socket: Socket) => void): Promise<Binding> {
    const binding = await bind(host, port, (socket) => {
      if (this.#closed !== null || this.#sockets.count >= this.#limits.connections) {
        socket.destroy();
        return;
      }
      this.#sockets.add(socket);
      take(socket);
    });
    this.#bindings.push(binding);
    return binding;
  }

  #warn(text: string): void {
    this.warnings.push(text);
    this.#deps.log.warn({ event: 'listener.warning' }, text);
  }

  async #close(): Promise<void> {
    const { clock, log } = this.#deps;
    const ended = this.#bindings.map(({ server }) => new Promise<void>((resolve) => void server.close(() => resolve())));
    for (const socket of this.#unsorted) socket.destroy();
    for (const http of this.#https) http.endIdle();
    const goodBye = this.#started.map(async (door) => {
      const said = await within(clock, this.#limits.goodByeMs, door.close());
      if (!said) log.warn({ event: 'door.slow-close', door: door.name });
    });
    await Promise.allSettled(goodBye);
    await this.#sockets.drain(clock, this.#limits.goodByeMs);
    await Promise.all(this.#https.map((http) => http.close()));
    await Promise.all(ended);
  }
}

function withRows(door: HttpDoor, more: readonly HttpRow[]): HttpDoor {
  const { name, rows, upgrades, dialect, raw } = door;
  return { name, rows: [...rows, ...more], upgrades, raw, ...(dialect === undefined ? {} : { dialect }) };
}

/** Who takes which first byte, inside of TLS and outside. */
function takersOf(doors: readonly Door[], http: DoorHttp, traffic: Traffic | undefined): Taker[] {
  const handOver = (door: RawDoor, name: string, socket: Socket, first: Buffer): void => {
    traffic?.uses(socket, name);
    door.accept(socket, first);
  };
  const raw = doors.flatMap(({ name, raw: door }): Taker[] => {
    if (door === null) return [];
    const bytes = Buffer.from(door.firstBytes, 'latin1');
    return [{ name, takes: (byte) => bytes.includes(byte), take: (socket, first) => handOver(door, name, socket, first) }];
  });
  return [webTaker(http), ...raw];
}

function webTaker(http: DoorHttp): Taker {
  return {
    name: 'http',
    takes: isLetter,
    take: (socket, first) => {
      // Put back, handed on, set going again: measured to be the fastest order for new connections.
      socket.unshift(first);
      http.accept(socket);
      socket.resume();
    },
  };
}
