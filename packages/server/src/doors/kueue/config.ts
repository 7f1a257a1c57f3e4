import { parse } from 'smol-toml';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { type Result, refuse } from '../../domain/errors.ts';

/** What our server takes from a `config.toml` of the Kueue programs (kueue §5, Config). Absent: not in the file. */
export interface KueueConfig {
  readonly secret?: string;
  readonly port?: number;
  readonly hosts?: readonly string[];
  readonly workerTimeoutMs?: number;
  readonly offerTimeoutMs?: number;
  readonly maintenanceMs?: number;
  readonly cleanupAfterMinutes?: number;
  readonly globalMaxParallelJobs?: number;
  readonly globalResources: Readonly<Record<string, number>>;
}

const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Seconds = Type.Integer({ minimum: 1, maximum: 31_536_000 });

/** Unknown sections and keys are ignored, as by the programs: the file belongs to all of them. */
const Config = Type.Object({
  common_settings: Type.Optional(
    Type.Object({
      shared_secret: Type.Optional(Type.String()),
      server_port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
    }),
  ),
  server_settings: Type.Optional(
    Type.Object({
      bind_addresses: Type.Optional(Type.String()),
      maintenance_interval_seconds: Type.Optional(Seconds),
      worker_timeout_seconds: Type.Optional(Seconds),
      job_offer_timeout_seconds: Type.Optional(Seconds),
      job_cleanup_after_minutes: Type.Optional(Count),
      global_max_parallel_jobs: Type.Optional(Count),
    }),
  ),
  global_resources: Type.Optional(Type.Record(Type.String({ minLength: 1, maxLength: 100 }), Count)),
});
const config = Compile(Config);

/** `text`: the file's. Refused with the key that is wrong. */
export function readKueueConfig(text: string): Result<KueueConfig> {
  let file: unknown;
  try {
    file = parse(text);
  } catch (cause) {
    return refuse('malformed', `not TOML: ${cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause)}`);
  }
  if (!config.Check(file)) {
    const [error] = config.Errors(file);
    return refuse('invalid', `${error?.instancePath.slice(1).replaceAll('/', '.') ?? ''} ${error?.message ?? 'is wrong'}`);
  }
  return { value: configOf(file) };
}

function configOf({ common_settings: common, server_settings: server, global_resources }: Static<typeof Config>): KueueConfig {
  const hosts = server?.bind_addresses?.split(/\s+/).filter((word) => word !== '');
  return definedOnly({
    secret: common?.shared_secret,
    port: common?.server_port,
    // Written as in addresses with a port: `[::]`.
    hosts: hosts?.map((host) => host.replace(/^\[(.*)\]$/, '$1')),
    workerTimeoutMs: milliseconds(server?.worker_timeout_seconds),
    offerTimeoutMs: milliseconds(server?.job_offer_timeout_seconds),
    maintenanceMs: milliseconds(server?.maintenance_interval_seconds),
    cleanupAfterMinutes: server?.job_cleanup_after_minutes,
    globalMaxParallelJobs: server?.global_max_parallel_jobs,
    globalResources: global_resources ?? {},
  });
}

const milliseconds = (seconds: number | undefined): number | undefined => (seconds === undefined ? undefined : seconds * 1000);

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

function definedOnly<T extends Record<string, unknown>>(record: T): Defined<T> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as Defined<T>;
}

/** A file for the clients and workers of a server that made its own secret: what they must be told and nothing else. */
export function clientConfig(of: { readonly secret: string; readonly host: string; readonly port: number }): string {
  return [
    '[common_settings]',
    `shared_secret = ${JSON.stringify(of.secret)}`,
    `server_name = ${JSON.stringify(of.host)}`,
    `server_port = ${of.port}`,
    'log_level = "warn"',
    '',
  ].join('\n');
}
