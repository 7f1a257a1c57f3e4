import { commandKinds } from '@switchyard/sdk/commands.ts';
import { type Result, refuse } from '../../domain/errors.ts';
import type { WorkerProfile } from '../../domain/worker.ts';
import { addressRule } from '../kit/addresses.ts';
import type { RowRequest } from '../kit/http-row.ts';
import { plainText } from '../kit/plain-text.ts';
import type { Desk } from './desk.ts';
import { foreignKinds } from './foreign-kinds.ts';
import type { KnownWorker } from './known-worker.ts';
import type { FlamencoLimits } from './limits.ts';
import type { WorkerRegistration } from './messages.ts';
import { lookup, workers } from './principals.ts';
import { tokenFault } from './registration-token.ts';
import { isSecret, workerKey } from './secrets.ts';

type Request = Pick<RowRequest, 'headers' | 'remote'>;

const kindName = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Task types as it names them, without what nobody could mean. */
export function kindsOf(named: readonly string[], limits: FlamencoLimits): string[] {
  const fine = named.filter(
    (kind) => kindName.test(kind) && kind.length <= limits.taskTypeLength && !foreignKinds.includes(kind),
  );
  return [...new Set(fine)].slice(0, limits.taskTypes);
}

/** Makes a worker known. The same secret and nickname again are the same worker (flamenco §2.2). */
export async function register(desk: Desk, request: Request, given: WorkerRegistration): Promise<Result<KnownWorker>> {
  const { engine, fleet, limits, settings, log } = desk;
  const refused = await mayRegister(desk, request);
  if (refused !== null) return refused;
  const { secret, nickname = '', platform = '', supported_task_types: types = commandKinds } = given;
  if (secret.length < limits.secretMin || secret.length > limits.secretMax) {
    return refuse('malformed', `secret must have ${limits.secretMin} to ${limits.secretMax} characters`);
  }
  const name = plainText(nickname, limits.nameLength) || 'unnamed';
  const approved = settings.registrationSecret !== null || addressRule(settings.trusted)(request.remote);
  if (!approved && pendingIn(desk) >= limits.pending && !isKnown(desk, secret)) {
    return refuse('not_ready', `${limits.pending} workers wait for approval already; approve or forget some`);
  }
  const registered = await engine.command(workers, 'register', {
    key: workerKey(settings.salt, secret, nickname),
    name,
    kinds: kindsOf(types, limits),
    tags: [],
    total: { slots: 1, cpus: 0, ramMb: 0, named: {} },
    profile: profileOf(settings.workerTimeoutMs),
    info: infoOf(request, plainText(platform, 64)),
    approved,
  });
  if (registered.refusal !== undefined) return registered;
  const row = await engine.query.worker(lookup, registered.value.worker);
  if (row.refusal !== undefined) return row;
  const worker = fleet.add(row.value);
  if (worker === null) return refuse('internal', 'The worker that was made is not one of this door');
  log.info({ worker: worker.id, name, address: request.remote, approved }, 'flamenco:registered');
  return { value: worker };
}

export function infoOf({ headers, remote }: Request, platform: string): Readonly<Record<string, string>> {
  return { protocol: 'flamenco', platform, software: plainText(headers['user-agent'] ?? '', 100), address: remote };
}

/** 60 s by default: one that says nothing for so long is gone, and after a restart of the server it has as long to come back. */
function profileOf(workerTimeoutMs: number): WorkerProfile {
  return {
    graceMs: workerTimeoutMs,
    connection: false,
    leaseMs: workerTimeoutMs,
    ephemeral: false,
    room: 'counted',
    suspends: false,
  };
}

/** A repeat of a registration whose answer got lost. */
function isKnown({ fleet, settings }: Desk, secret: string): boolean {
  for (const { secretHash } of fleet.all()) if (isSecret(settings.salt, secret, secretHash)) return true;
  return false;
}

function pendingIn({ fleet }: Desk): number {
  let pending = 0;
  for (const { status } of fleet.all()) if (status === 'pending') pending++;
  return pending;
}

/** One that is misconfigured is started anew every second: it is told to wait (429) once it has failed often enough. */
async function mayRegister(desk: Desk, { headers, remote }: Request) {
  const { settings, auth, clock, limits, log } = desk;
  if (settings.registrationSecret === null) return null;
  const token = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1] ?? null;
  const time = { now: clock.now(), leewaySeconds: limits.leewaySeconds };
  const fault = await tokenFault(token, settings.registrationSecret, time);
  if (fault === null) return null;
  if (auth.throttled(remote)) return refuse('too_many', 'Too many failed registrations from this address; wait a minute');
  auth.failed(remote);
  log.warn({ address: remote, fault }, 'flamenco:registration-refused');
  return refuse(
    'forbidden',
    'The registration secret is missing or wrong: set worker_registration_secret in flamenco-worker.cfg',
  );
}
