import type { HubView } from '@switchyard/sdk/hub.ts';
import type { Client } from '../../hub/member.ts';
import type { ClientFiles } from '../../ports/client-files.ts';
import type { Clock } from '../../ports/clock.ts';
import type { StaticFiles } from '../../ports/static-files.ts';
import { addressRule, loopback } from '../kit/addresses.ts';
import type { Door, DoorDeps, DoorStatus, OwnPort } from '../kit/door.ts';
import type { FirstFrames } from '../kit/first-frames.ts';
import { ownPortText } from '../kit/own-port-text.ts';
import { TokenBucket } from '../kit/token-bucket.ts';
import { YardService, type YardServiceDeps } from './builtin/yard-service.ts';
import { closeCodes } from './codes.ts';
import { Desk } from './desk.ts';
import { fileDialect } from './files/file-dialect.ts';
import type { FileKeyRule } from './files/file-keys.ts';
import { fileRows } from './files/file-rows.ts';
import { frontRow, socketRow } from './front-rows.ts';
import { type ConciergeLimits, conciergeLimits } from './limits.ts';
import { Link, type LinkDeps } from './link.ts';
import { lookAt } from './look.ts';
import { createPolicy, type PolicyOptions } from './policy.ts';
import { upgradeRow } from './upgrade.ts';
import { viewerRows } from './viewer-rows.ts';

export interface ConciergeOptions extends PolicyOptions {
  /** Its own port beside the shared one (concierge §1: 64209); null: none. */
  readonly port: number | null;
  readonly hosts: readonly string[];
  /** Without a secret: whether clients of other machines may come in. */
  readonly open: boolean;
  /** Web pages that may connect; null: any, as the reference does. */
  readonly origins: readonly string[] | null;
  readonly queuePolicy: 'close' | 'drop-oldest';
  /** `SERVICE:TYPE`; see `Desk`. */
  readonly conflate: readonly string[];
  readonly fileKeys: FileKeyRule;
  /** Offer the built-in service `switchyard`. */
  readonly service: boolean;
  readonly limits?: Partial<ConciergeLimits>;
}

export const conciergeDefaults: ConciergeOptions = {
  port: null,
  hosts: ['127.0.0.1'],
  open: false,
  origins: null,
  queuePolicy: 'close',
  conflate: [],
  fileKeys: 'public',
  service: false,
  secret: null,
  secretExempt: [],
  trusted: loopback,
  trustedOnly: [],
  reserved: [],
};

export interface ConciergeDeps extends DoorDeps {
  readonly files: ClientFiles;
  /** The viewer's folder, shown on the door's own port. Null: none. */
  readonly viewer: StaticFiles | null;
  readonly firstFrames: FirstFrames;
  readonly compile: YardServiceDeps['compile'];
}

export interface ConciergeDoor extends Door {
  /** Everybody who is here, in the order of joining. */
  clients(): readonly (Client & { readonly address: string })[];
  /** As an operator sees it. */
  look(): HubView & { readonly on: true };
  /** Sends a client away (4012). False: there is none with this UUID. */
  remove(uuid: string): boolean;
}

/** Live clients and services: presence, relay, files. Nothing of it is stored. */
export function createConciergeDoor(deps: ConciergeDeps, options: ConciergeOptions): ConciergeDoor {
  const limits = { ...conciergeLimits, ...options.limits };
  const { clock, random, log, files, firstFrames } = deps;
  const dropFiles = (uuid: string): void => {
    files.drop(uuid).catch((error: unknown) => log.error({ event: 'concierge.files-left', err: error }));
  };
  const desk = new Desk({
    clock,
    random,
    log,
    limits,
    policy: createPolicy(options),
    conflate: new Set(options.conflate),
    filesOf: { drop: dropFiles },
  });
  const links = new Set<Link>();
  const failures = new Failures(clock, limits.failuresPerMinute);
  const linkDeps: LinkDeps = {
    desk,
    queuePolicy: options.queuePolicy,
    firstFrames,
    extensions: (fileKey) => ({ fs_key: fileKey, limits: announced(limits) }),
    failed: (address) => failures.note(address),
    gone: (link) => {
      if (links.delete(link)) desk.counters.dropped += link.dropped;
    },
  };
  const upgrade = upgradeRow({
    limits,
    origins: options.origins === null ? null : new Set(options.origins.map((origin) => origin.toLowerCase())),
    turnedAway: turnAway(options, failures),
    accept: (accepted) => void links.add(new Link(accepted, linkDeps)),
  });
  const dialect = fileDialect(desk, options.fileKeys);
  const refused = (refusal: Parameters<typeof dialect.spelling.refusal>[0]) => dialect.spelling.refusal(refusal, { path: '/fs' });
  let yard: YardService | null = null;
  let closing = false;

  return {
    name: 'concierge',
    title: 'Concierge clients and services: presence, relay, files',
    rows: [socketRow, ...fileRows({ desk, files, refused })],
    dialect,
    upgrades: [upgrade],
    raw: null,
    ports: ownPorts(options, deps.viewer),
    opens: [
      {
        name: 'concierge',
        text: 'anybody may be a Concierge client or service',
        shut: options.secret === null ? null : 'concierge.secret is asked for',
      },
    ],
    start: async () => {
      if (options.service) yard = new YardService({ desk, engine: deps.engine, auth: deps.auth, compile: deps.compile });
    },
    close: async () => {
      if (closing) return;
      closing = true;
      for (const link of links) link.end(closeCodes.goingAway);
      yard?.close();
      await files.close();
    },
    status: () => statusOf(desk, links, files, options),
    clients: () => Array.from(desk.hub.members(), ({ client, ear }) => ({ ...client, address: ear.address })),
    look: () => lookAt(desk),
    remove: (uuid) => {
      const member = desk.hub.member(uuid);
      member?.ear.remove();
      return member !== undefined;
    },
  };
}

function ownPorts({ port, hosts }: ConciergeOptions, viewer: StaticFiles | null): OwnPort[] {
  const rows = [frontRow, ...(viewer === null ? [] : viewerRows(viewer))];
  return port === null ? [] : [{ port, hosts, serves: 'http', rows }];
}

/** What a client may want to know before it meets a limit. */
function announced(limits: ConciergeLimits): Readonly<Record<string, number>> {
  return {
    message_bytes: limits.messageBytes,
    queue_bytes: limits.queueBytes,
    frames_per_second: limits.framesPerSecond,
    bytes_per_second: limits.bytesPerSecond,
    heartbeat_ms: limits.heartbeatMs,
    silence_ms: limits.silenceMs,
    data_depth: limits.depth,
    file_bytes: limits.fileBytes,
    client_file_bytes: limits.clientFileBytes,
  };
}

/** Open without a secret is open on this machine only, until somebody says otherwise. */
function turnAway({ secret, open }: ConciergeOptions, failures: Failures) {
  const isLocal = addressRule(loopback);
  return (address: string): { status: number; text: string } | null => {
    if (secret === null && !open && !isLocal(address)) {
      return { status: 403, text: 'Set concierge.secret, or start the server with --open concierge, to let other machines in' };
    }
    return failures.tooMany(address) ? { status: 429, text: 'Too many failed identifications; wait a minute' } : null;
  };
}

/** Failed identifications by address. */
class Failures {
  readonly #clock: Clock;
  readonly #perMinute: number;
  #buckets = new Map<string, TokenBucket>();

  constructor(clock: Clock, perMinute: number) {
    this.#clock = clock;
    this.#perMinute = perMinute;
  }

  note(address: string): void {
    const now = this.#clock.monotonic();
    // Addresses are not kept for ever: those that have done nothing lately have a full bucket and may be forgotten.
    if (this.#buckets.size > 10_000) this.#buckets = new Map();
    const bucket = this.#buckets.get(address) ?? new TokenBucket(this.#perMinute / 60, this.#perMinute, now);
    this.#buckets.set(address, bucket);
    // One more than is granted is what turns it away; it need not be paid for more than once.
    if (bucket.wait(now) === 0) bucket.take(1);
  }

  tooMany(address: string): boolean {
    return (this.#buckets.get(address)?.wait(this.#clock.monotonic()) ?? 0) > 0;
  }
}

function statusOf(
  desk: Desk,
  links: ReadonlySet<Link>,
  files: ClientFiles,
  { port, hosts, secret }: ConciergeOptions,
): DoorStatus {
  const { hub, counters } = desk;
  const stored = files.usage();
  let dropped = counters.dropped;
  for (const link of links) dropped += link.dropped;
  const own = port === null ? '' : `, and ${ownPortText(port, hosts)}`;
  return {
    connections: links.size,
    notes: [
      `Concierge clients connect to /ws of the shared port${own}`,
      secret === null ? 'no secret is asked for' : 'the secret is in the option concierge.secret',
    ],
    figures: {
      clients: hub.clients,
      services: hub.serviceCount,
      messages: counters.messages,
      deliveries: counters.deliveries,
      refused_identifications: counters.refused,
      slow_clients_closed: counters.slow,
      silent_clients_closed: counters.silent,
      messages_dropped: dropped,
      files: stored.files,
      file_bytes: stored.bytes,
    },
  };
}
