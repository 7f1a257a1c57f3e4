import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import type { Principal } from '../../domain/principal.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Clock, Random } from '../../ports/clock.ts';
import type { HttpDialect, HttpRow } from './http-row.ts';

/** What every door is given. It sees no store, no file and no other door. */
export interface DoorDeps {
  readonly engine: Engine;
  readonly auth: Authenticator;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Who stands behind a credential. Slow credentials (passwords) go through the same gate. */
export interface Authenticator {
  /** A bearer token of ours. Null: unknown, expired or revoked. `remote` is for the rate limit. */
  token(token: string, remote: string): Promise<Principal | null>;
  /** True while this address has failed too often: answer `too_many` without looking. */
  throttled(remote: string): boolean;
  failed(remote: string): void;
}

/** A door as `app/` and the listener see it. Registered from a list; the listener knows no door by name. */
export interface Door {
  readonly name: string;
  /** One line for people: what speaks to it. */
  readonly title: string;
  /** HTTP on the shared port (and on own ports that serve HTTP). */
  readonly rows: readonly HttpRow[];
  /** How its rows authenticate and spell refusals; needed by a door that has rows. */
  readonly dialect?: HttpDialect;
  readonly upgrades: readonly UpgradeRow[];
  /** Raw TCP on the shared port: the connection is this door's when its first non-blank byte is one of these. */
  readonly raw: RawDoor | null;
  /** Ports of its own, where nothing is sniffed. */
  readonly ports: readonly OwnPort[];
  /** What it leaves open without a secret; off on a non-loopback bind until named by `--open`. */
  readonly opens: readonly OpenPiece[];
  /** After the engine runs, before anybody can connect. */
  start(): Promise<void>;
  /** Says good-bye to its peers as its protocol does, then closes. Idempotent. */
  close(): Promise<void>;
  status(): DoorStatus;
}

/** A part of a door that may answer without a secret. Its name is one of the option `open`. */
export interface OpenPiece {
  readonly name: string;
  /** What then is possible, to complete "open: …". */
  readonly text: string;
  /** Why it is closed to everybody all the same (a secret is set); absent or null: it is not. */
  readonly shut?: string | null;
}

export interface DoorStatus {
  readonly connections: number;
  /** Address, secret (only its place), how to connect a client: for `GET /v1/doors` and the start summary. */
  readonly notes: readonly string[];
  /** What can be counted, for `/metrics`: name in snake_case -> present value. */
  readonly figures?: Readonly<Record<string, number>>;
}

export interface RawDoor {
  /** ASCII characters. */
  readonly firstBytes: string;
  accept(socket: Socket, first: Buffer): void;
}

export interface OwnPort {
  readonly port: number;
  readonly hosts: readonly string[];
  readonly serves: 'raw' | 'http';
  /** Rows of this port only, beside the door's own (a front page, where the shared port has another one). */
  readonly rows?: readonly HttpRow[];
}

/** A WebSocket (or other) upgrade. Two doors may share a path: each is asked in the order of registration. */
export interface UpgradeRow {
  readonly path: string;
  /** Web pages of these origins may connect; a request with no Origin always may. `any`: the protocol needs it. */
  readonly origins: 'configured' | 'any';
  /** True: it has taken the socket over. False: not mine. */
  handle(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
}
