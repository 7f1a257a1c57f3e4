import { cpus } from './machine.ts';

/** What a value may be, with its bounds. Written `30s`, `2h` (duration, kept in ms) and `64MiB` (size, kept in bytes). */
export type OptionType =
  | { readonly is: 'text'; readonly placeholder: string; readonly minLength?: number }
  | { readonly is: 'integer'; readonly min: number; readonly max: number }
  | { readonly is: 'switch' }
  | { readonly is: 'choice'; readonly of: readonly string[] }
  | { readonly is: 'list'; readonly of?: readonly string[]; readonly placeholder: string }
  | { readonly is: 'duration'; readonly min: number; readonly max: number }
  | { readonly is: 'size'; readonly min: number; readonly max: number };

export interface OptionRow {
  readonly type: OptionType;
  /** In the form of a parsed value. Null: decided at the start, as `help` says. */
  readonly default: string | number | boolean | readonly string[] | null;
  /** For people: one sentence, no full stop needed. */
  readonly help: string;
  readonly group: OptionGroup;
  /** Never shown, never logged; on the command line it warns. */
  readonly secret?: true;
  /** A variable of a server that we stand in for, honoured after everything else. */
  readonly imitated?: string;
  /** It counts only where this one is set too: others use its name for something else. */
  readonly imitatedBeside?: string;
  /** Its words for ours. */
  readonly imitatedWords?: Readonly<Record<string, string>>;
}

export const optionGroups = {
  server: 'Server',
  scheduling: 'Scheduling',
  storage: 'Storage',
  access: 'Who may connect',
  worker: 'Local worker',
  retention: 'How long things are kept',
  limits: 'Limits',
  kueue: 'Kueue door',
  concierge: 'Concierge door',
  flamenco: 'Flamenco door',
  dnaforge: 'DNAforge door',
  printerlynx: 'Printerlynx door',
} as const;
export type OptionGroup = keyof typeof optionGroups;

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const year = 365 * day;
const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;
const TiB = 1024 * GiB;

const port = { is: 'integer', min: 0, max: 65_535 } as const;
const addresses = { is: 'list', placeholder: 'ADDRESS' } as const;

/**
 * Every option of the server, once: flags (`--kueue-port`), variables (`SWITCHYARD_KUEUE_PORT`), `switchyard.toml`
 * (`[kueue] port`), `--help` and `docs/reference/options.md` are made from these rows.
 */
export const options = {
  host: {
    type: addresses,
    default: ['127.0.0.1', '::1'],
    group: 'server',
    imitated: 'HOST',
    imitatedBeside: 'DATADIR',
    help: 'addresses to listen on; anything but loopback closes what is open without a secret (see --open)',
  },
  port: {
    type: port,
    default: 8080,
    group: 'server',
    imitated: 'PORT',
    imitatedBeside: 'DATADIR',
    help: 'the port that all doors share; 0 takes a free one',
  },
  'log-level': {
    type: { is: 'choice', of: ['trace', 'debug', 'info', 'warn', 'error', 'silent'] },
    default: 'info',
    group: 'server',
    imitated: 'LOGLEVEL',
    imitatedBeside: 'DATADIR',
    imitatedWords: { ALL: 'trace', TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error', OFF: 'silent' },
    help: 'what the server writes about itself, to standard error',
  },
  'stop-timeout': {
    type: { is: 'duration', min: 0, max: hour },
    default: 10 * second,
    group: 'server',
    help: 'how long an orderly stop may take before connections are cut',
  },
  fairness: {
    type: { is: 'switch' },
    default: false,
    group: 'scheduling',
    help: 'owners of jobs of the same priority share the yard by the time that their tasks run; off: the oldest first',
  },
  data: {
    type: { is: 'text', placeholder: 'DIR', minLength: 1 },
    default: null,
    group: 'storage',
    imitated: 'DATADIR',
    help: 'folder for everything that is kept; default $XDG_DATA_HOME/switchyard, else ~/.local/share/switchyard',
  },
  durability: {
    type: { is: 'choice', of: ['full', 'normal'] },
    default: 'full',
    group: 'storage',
    help: 'full: an answer means that it is on disk; normal: faster, a power cut (not a crash) may cost the last moments',
  },
  'log-cap': {
    type: { is: 'size', min: 64 * KiB, max: TiB },
    default: 16 * MiB,
    group: 'storage',
    help: 'how much is kept of one output stream of one attempt: the first half and the last',
  },
  'images.roots': {
    type: { is: 'list', placeholder: 'DIR' },
    default: [],
    group: 'storage',
    help: 'folders below which the server may read pictures that a worker names by path (latest image); default: none',
  },
  'blob-quota': {
    type: { is: 'size', min: MiB, max: 1024 * TiB },
    default: 50 * GiB,
    group: 'storage',
    help: 'room for input files and artifacts together',
  },
  'blob-max': {
    type: { is: 'size', min: KiB, max: 1024 * TiB },
    default: 10 * GiB,
    group: 'storage',
    help: 'the largest single file',
  },
  'public-hosts': {
    type: { is: 'list', placeholder: 'NAME' },
    default: [],
    group: 'access',
    help: 'host names under which web browsers may reach the server (localhost always may)',
  },
  'allowed-origins': {
    type: { is: 'list', placeholder: 'URL' },
    default: [],
    group: 'access',
    help: 'web pages (such as https://lab.example) that may use the server from a browser',
  },
  open: {
    type: { is: 'list', of: ['kueue-reads', 'concierge', 'dnaforge', 'registration'], placeholder: 'PART' },
    default: [],
    group: 'access',
    help: 'parts that answer without a secret although the server listens beyond this machine',
  },
  'tls-cert': {
    type: { is: 'text', placeholder: 'FILE', minLength: 1 },
    default: null,
    group: 'access',
    help: 'certificate (PEM, with those between it and its authority): the shared port speaks https too; read again when it changes',
  },
  'tls-key': {
    type: { is: 'text', placeholder: 'FILE', minLength: 1 },
    default: null,
    group: 'access',
    help: 'key of the certificate (PEM)',
  },
  'tls-only': {
    type: { is: 'switch' },
    default: false,
    group: 'access',
    help: 'without TLS answer programs of this machine only; a raw port of its own (Kueue) is not touched: turn it off by itself',
  },
  'session-time': {
    type: { is: 'duration', min: minute, max: year },
    default: 7 * day,
    group: 'access',
    help: 'how long somebody who has signed in stays in',
  },
  'jwt-secret': {
    type: { is: 'text', placeholder: 'TEXT', minLength: 1 },
    default: null,
    group: 'access',
    secret: true,
    imitated: 'JWT_SECRET',
    help: 'key of the JSON Web Tokens that accounts get; default: one is made at the first start',
  },
  'local-worker': {
    type: { is: 'switch' },
    default: null,
    group: 'worker',
    help: 'run a worker on this machine; default: only while the server listens on loopback alone',
  },
  'local-worker-slots': {
    type: { is: 'integer', min: 1, max: 10_000 },
    default: cpus,
    group: 'worker',
    help: 'how many tasks the local worker runs at once; default: one for each processor',
  },
  'local-worker-orphan-after': {
    type: { is: 'duration', min: 0, max: 30 * day },
    default: 10 * minute,
    group: 'worker',
    help: 'after how long without a server a local worker that outlived it ends itself; 0: never',
  },
  'webhooks.private-targets': {
    type: { is: 'switch' },
    default: false,
    group: 'access',
    help: 'webhooks may send to this machine and to private networks too, not only to public addresses',
  },
  'retention.changes': {
    type: { is: 'duration', min: minute, max: year },
    default: day,
    group: 'retention',
    help: 'how far back GET /v1/changes can be replayed',
  },
  'retention.changes-count': {
    type: { is: 'integer', min: 1_000, max: 1_000_000_000 },
    default: 5_000_000,
    group: 'retention',
    help: 'how many changes are kept at most',
  },
  'retention.jobs': {
    type: { is: 'duration', min: 0, max: 100 * year },
    default: 0,
    group: 'retention',
    help: 'ended jobs older than this are deleted; 0: never',
  },
  'retention.jobs-count': {
    type: { is: 'integer', min: 0, max: 1_000_000_000 },
    default: 0,
    group: 'retention',
    help: 'of the ended jobs so many of the newest are kept; 0: all',
  },
  'retention.logs': {
    type: { is: 'duration', min: 0, max: 100 * year },
    default: 0,
    group: 'retention',
    help: 'output in files (more than 4 KiB) of tasks that have ended is removed after this; 0: with its job',
  },
  'retention.logs-size': {
    type: { is: 'size', min: 0, max: 1024 * TiB },
    default: 0,
    group: 'retention',
    help: 'all output in files together: beyond this the oldest is removed, of ended tasks only; 0: no bound',
  },
  'retention.audit': {
    type: { is: 'duration', min: day, max: 100 * year },
    default: 90 * day,
    group: 'retention',
    help: 'how long it is kept who did what',
  },
  'retention.audit-count': {
    type: { is: 'integer', min: 0, max: 1_000_000_000 },
    default: 5_000_000,
    group: 'retention',
    help: 'how many entries of that are kept at most; 0: by age alone',
  },
  'retention.files': {
    type: { is: 'duration', min: minute, max: year },
    default: day,
    group: 'retention',
    help: 'files that no job refers to are removed after this',
  },
  'limits.connections': {
    type: { is: 'integer', min: 10, max: 1_000_000 },
    default: 20_000,
    group: 'limits',
    help: 'connections at once, over all doors',
  },
  'limits.connections-per-address': {
    type: { is: 'integer', min: 1, max: 1_000_000 },
    default: 10_000,
    group: 'limits',
    help: 'connections at once from one address',
  },
  'limits.submit-size': {
    type: { is: 'size', min: 64 * KiB, max: GiB },
    default: 64 * MiB,
    group: 'limits',
    help: 'the largest submission over HTTP',
  },
  'kueue.enabled': { type: { is: 'switch' }, default: true, group: 'kueue', help: 'speak to Kueue clients and workers' },
  'kueue.port': {
    type: port,
    default: null,
    group: 'kueue',
    help: 'a port of its own beside the shared one; 0 takes a free one; default: from --kueue-config, else 11236',
  },
  'kueue.hosts': {
    type: addresses,
    default: null,
    group: 'kueue',
    help: 'addresses of that port (those of --kueue-config are not taken); default: those of --host',
  },
  'kueue.secret': {
    type: { is: 'text', placeholder: 'TEXT', minLength: 1 },
    default: null,
    group: 'kueue',
    secret: true,
    help: 'shared_secret of the Kueue programs; default: from --kueue-config, else one is made at the first start',
  },
  'kueue.config': {
    type: { is: 'text', placeholder: 'FILE', minLength: 1 },
    default: null,
    group: 'kueue',
    help: 'read secret, limits and global resources from this config.toml of Kueue',
  },
  'kueue.worker-timeout': {
    type: { is: 'duration', min: second, max: day },
    default: null,
    group: 'kueue',
    help: 'a Kueue worker that is silent for so long counts as lost; default: from --kueue-config, else 300s',
  },
  'kueue.offer-timeout': {
    type: { is: 'duration', min: second, max: day },
    default: null,
    group: 'kueue',
    help: 'an offer to a Kueue worker that is not answered for so long is withdrawn; default: from --kueue-config, else 60s',
  },
  'kueue.global-max-parallel-jobs': {
    type: { is: 'integer', min: 1, max: 1_000_000_000 },
    default: null,
    group: 'kueue',
    help: 'job slots of shell tasks in use at once over the whole fleet; default: from --kueue-config, else no limit',
  },
  'kueue.cleanup-after-minutes': {
    type: { is: 'integer', min: 0, max: 52_560_000 },
    default: null,
    group: 'kueue',
    help: 'ended one-task shell jobs are removed after so many minutes; 0: never; default: from --kueue-config, else never',
  },
  'flamenco.enabled': { type: { is: 'switch' }, default: true, group: 'flamenco', help: 'speak to Flamenco 2 workers' },
  'flamenco.port': {
    type: port,
    default: null,
    group: 'flamenco',
    help: 'a port of its own beside the shared one (older managers: 8083); 0 takes a free one; default: none',
  },
  'flamenco.hosts': {
    type: addresses,
    default: null,
    group: 'flamenco',
    help: 'addresses of that port; default: those of --host',
  },
  'flamenco.registration-secret': {
    type: { is: 'text', placeholder: 'TEXT', minLength: 8 },
    default: null,
    group: 'flamenco',
    secret: true,
    help: 'worker_registration_secret of the workers; default: none, then workers that are not --flamenco-trusted wait for approval',
  },
  'flamenco.trusted': {
    type: addresses,
    default: ['127.0.0.0/8', '::1'],
    group: 'flamenco',
    help: 'addresses and networks (10.0.0.0/8) whose workers need no approval where no registration secret is set',
  },
  'flamenco.worker-timeout': {
    type: { is: 'duration', min: 35 * second, max: day },
    default: 60 * second,
    group: 'flamenco',
    help: 'a worker that is silent for so long counts as gone, and its task is given to another',
  },
  'flamenco.worker-cleanup-after': {
    type: { is: 'duration', min: 0, max: 10 * year },
    default: 0,
    group: 'flamenco',
    help: 'workers that have been offline for so long are forgotten; 0: never',
  },
  'flamenco.exec': {
    type: { is: 'switch' },
    default: true,
    group: 'flamenco',
    help: 'take jobs that run command lines on render workers (kind exec-command, tasks of type debug, the command exec)',
  },
  'flamenco.ssdp': {
    type: { is: 'choice', of: ['auto', 'on', 'off'] },
    default: 'auto',
    group: 'flamenco',
    help: 'let workers without a manager_url find this server (SSDP); auto: unless only loopback is listened on',
  },
  'flamenco.time-zone': {
    type: { is: 'text', placeholder: 'ZONE', minLength: 1 },
    default: null,
    group: 'flamenco',
    help: 'zone of sleep schedules that name none, such as Europe/Amsterdam; default: that of the machine',
  },
  'flamenco.name': {
    type: { is: 'text', placeholder: 'TEXT', minLength: 1 },
    default: 'Switchyard',
    group: 'flamenco',
    help: 'manager_name in the status report',
  },
  'concierge.enabled': {
    type: { is: 'switch' },
    default: true,
    group: 'concierge',
    help: 'speak to Concierge clients and services, at /ws and /fs of the shared port',
  },
  'concierge.port': {
    type: port,
    default: null,
    group: 'concierge',
    help: 'a port of its own beside the shared one (their clients expect 64209); 0 takes a free one; default: none',
  },
  'concierge.hosts': {
    type: addresses,
    default: null,
    group: 'concierge',
    help: 'addresses of that port; default: those of --host',
  },
  'concierge.viewer': {
    type: { is: 'text', placeholder: 'DIR', minLength: 1 },
    default: null,
    group: 'concierge',
    help: 'a folder with the viewer, shown at /babylonjs/ of that port (never of the shared one); default: none',
  },
  'concierge.secret': {
    type: { is: 'text', placeholder: 'TEXT', minLength: 1 },
    default: null,
    group: 'concierge',
    secret: true,
    help: 'what clients must send as secret; default: none is asked for',
  },
  'concierge.secret-exempt': {
    type: { is: 'list', placeholder: 'ADDRESS' },
    default: [],
    group: 'concierge',
    help: 'addresses and networks (10.0.0.0/8) whose clients need not send it: the viewer and the services cannot',
  },
  'concierge.trusted': {
    type: { is: 'list', placeholder: 'ADDRESS' },
    default: ['127.0.0.0/8', '::1'],
    group: 'concierge',
    help: 'addresses and networks whose clients are trusted without the secret',
  },
  'concierge.trusted-only': {
    type: { is: 'list', of: ['create', 'subscribe', 'name', 'uuid', 'service', 'service-client', 'all'], placeholder: 'ACTION' },
    default: [],
    group: 'concierge',
    help: 'what only trusted clients may do: create services, subscribe, or send messages to this kind of target',
  },
  'concierge.reserved': {
    type: { is: 'list', placeholder: 'NAME' },
    default: [],
    group: 'concierge',
    help: 'names of clients and services that only trusted clients may take',
  },
  'concierge.service': {
    type: { is: 'switch' },
    default: false,
    group: 'concierge',
    help: 'offer the service switchyard: jobs, tasks and workers for subscribers that give a token',
  },
  'concierge.origins': {
    type: { is: 'list', placeholder: 'URL' },
    default: null,
    group: 'concierge',
    help: 'web pages that may connect; default: all, for viewers are served from anywhere',
  },
  'concierge.heartbeat': {
    type: { is: 'duration', min: second, max: hour },
    default: 5 * second,
    group: 'concierge',
    help: 'how often a client is pinged',
  },
  'concierge.silence': {
    type: { is: 'duration', min: second, max: day },
    default: 10 * second,
    group: 'concierge',
    help: 'a client that answered no ping for longer than this is closed (4009)',
  },
  'concierge.message-size': {
    type: { is: 'size', min: KiB, max: 64 * MiB },
    default: 512 * KiB,
    group: 'concierge',
    help: 'the largest message of a client',
  },
  'concierge.queue-size': {
    type: { is: 'size', min: 64 * KiB, max: GiB },
    default: 8 * MiB,
    group: 'concierge',
    help: 'what may wait for one client that does not read',
  },
  'concierge.queue-policy': {
    type: { is: 'choice', of: ['close', 'drop-oldest'] },
    default: 'close',
    group: 'concierge',
    help: 'when it is full: close the client (4010), or first leave out the oldest relayed messages',
  },
  'concierge.conflate': {
    type: { is: 'list', placeholder: 'SERVICE:TYPE' },
    default: [],
    group: 'concierge',
    help: 'messages of a service with this data.type of which a slow reader gets only the newest',
  },
  'concierge.frames-per-second': {
    type: { is: 'integer', min: 0, max: 1_000_000 },
    default: 5_000,
    group: 'concierge',
    help: 'of one client; what is more waits. 0: without limit',
  },
  'concierge.bytes-per-second': {
    type: { is: 'size', min: 0, max: 16 * GiB },
    default: 16 * MiB,
    group: 'concierge',
    help: 'of one client; what is more waits. 0: without limit',
  },
  'concierge.clients': {
    type: { is: 'integer', min: 1, max: 1_000_000 },
    default: 20_000,
    group: 'concierge',
    help: 'clients at once',
  },
  'concierge.clients-per-address': {
    type: { is: 'integer', min: 1, max: 1_000_000 },
    default: 10_000,
    group: 'concierge',
    help: 'clients at once from one address',
  },
  'concierge.file-size': {
    type: { is: 'size', min: KiB, max: TiB },
    default: 16 * MiB,
    group: 'concierge',
    help: 'the largest file that a client may leave at /fs',
  },
  'concierge.client-files-size': {
    type: { is: 'size', min: KiB, max: TiB },
    default: 64 * MiB,
    group: 'concierge',
    help: 'all files of one client together; they go with it',
  },
  'concierge.file-keys': {
    type: { is: 'choice', of: ['public', 'address', 'private'] },
    default: 'public',
    group: 'concierge',
    help: "what a client's public UUID allows at /fs: all; writing only from its own address; reading only (writing needs fs_key)",
  },
  'printerlynx.enabled': {
    type: { is: 'switch' },
    default: true,
    group: 'printerlynx',
    help: 'speak to Printerlynx front ends and printer agents',
  },
  'printerlynx.port': {
    type: port,
    default: null,
    group: 'printerlynx',
    help: 'a port of its own beside the shared one (their front end is built for 3000); 0 takes a free one; default: none',
  },
  'printerlynx.hosts': {
    type: addresses,
    default: null,
    group: 'printerlynx',
    help: 'addresses of that port; default: those of --host',
  },
  'printerlynx.max-file': {
    type: { is: 'size', min: MiB, max: TiB },
    default: 1_024 * MiB,
    group: 'printerlynx',
    help: 'the largest print file',
  },
  'dnaforge.enabled': { type: { is: 'switch' }, default: true, group: 'dnaforge', help: 'speak to the DNAforge web editor' },
  'dnaforge.port': {
    type: port,
    default: null,
    group: 'dnaforge',
    help: 'a port of its own beside the shared one; 0 takes a free one; default: none',
  },
  'dnaforge.hosts': {
    type: addresses,
    default: null,
    group: 'dnaforge',
    help: 'addresses of that port; default: those of --host',
  },
  'dnaforge.access-token': {
    type: { is: 'text', placeholder: 'TEXT' },
    default: null,
    group: 'dnaforge',
    secret: true,
    imitated: 'ACCESSTOKEN',
    help: 'what the editor asks its user for; default: any is taken, or none, from this machine alone (see --open)',
  },
  'dnaforge.origins': {
    type: { is: 'list', placeholder: 'URL' },
    default: [
      'http://127.0.0.1:*',
      'https://127.0.0.1:*',
      'http://localhost:*',
      'https://localhost:*',
      'http://dnaforge.org',
      'https://dnaforge.org',
    ],
    group: 'dnaforge',
    imitated: 'CORS_ORIGINS',
    help: 'web pages that the editor may be served from; :* stands for any port',
  },
  'dnaforge.parallel-jobs': {
    type: { is: 'integer', min: 1, max: 1_000_000 },
    default: null,
    group: 'dnaforge',
    imitated: 'PARALLEL_JOBS',
    help: 'simulations at once over the whole fleet; default: as the pool kind:oxdna says, else as many as the workers have room for',
  },
  'dnaforge.cuda': {
    type: { is: 'switch' },
    default: false,
    group: 'dnaforge',
    imitated: 'CUDA',
    help: 'dynamics stages run on graphics cards; only where the engines of all workers can',
  },
  'dnaforge.stage-silence': {
    type: { is: 'duration', min: 0, max: 30 * day },
    default: day,
    group: 'dnaforge',
    help: 'a stage that prints nothing for so long is ended; 0: never',
  },
  'dnaforge.token-grace': {
    type: { is: 'duration', min: second, max: 30 * day },
    default: 15 * minute,
    group: 'dnaforge',
    imitated: 'TOKEN_GRACE',
    help: 'how long the token of a client lasts after its socket closed and its last request',
  },
  'dnaforge.max-body': {
    type: { is: 'size', min: 64 * KiB, max: GiB },
    default: 64 * MiB,
    group: 'dnaforge',
    imitated: 'MAX_BODY',
    help: 'the largest submission; a nucleotide takes about 270 bytes',
  },
  'dnaforge.auth-response': {
    type: { is: 'choice', of: ['text', 'json'] },
    default: 'text',
    group: 'dnaforge',
    imitated: 'AUTH_RESPONSE',
    help: 'how tokens are handed out: as today, or as an object for clients older than July 2023',
  },
} as const satisfies Record<string, OptionRow>;

export type OptionName = keyof typeof options;
export const optionNames = Object.keys(options) as OptionName[];

/** A row without its literal types, for code that treats all alike. */
export function rowOf(name: OptionName): OptionRow {
  return options[name];
}

type ParsedBy<T extends OptionType> = T extends { is: 'integer' | 'duration' | 'size' }
  ? number
  : T extends { is: 'switch' }
    ? boolean
    : T extends { is: 'list' }
      ? readonly string[]
      : T extends { is: 'choice'; of: readonly (infer C)[] }
        ? C
        : string;

type ValueOf<R extends OptionRow> = ParsedBy<R['type']> | (R['default'] extends null ? null : never);

/** Checked values by name: `settings['kueue.port']`. Durations in ms, sizes in bytes. */
export type Settings = { readonly [N in OptionName]: ValueOf<(typeof options)[N]> };
export type SettingValue = Settings[OptionName];
