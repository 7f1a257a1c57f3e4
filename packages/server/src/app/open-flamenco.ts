import { createHash } from 'node:crypto';
import type { SealedSecrets } from '../auth/sealed-secrets.ts';
import type { Settings } from '../config/options.ts';
import { isZone, localZone } from '../domain/sleep-schedule.ts';
import { platformOf } from '../domain/variables.ts';
import type { FlamencoOptions } from '../doors/flamenco/door.ts';
import { addressRule } from '../doors/kit/addresses.ts';
import { isLoopback } from '../doors/kit/host-check.ts';
import type { Listener } from '../doors/kit/listener.ts';
import type { Random } from '../ports/clock.ts';
import { StartRefused } from './start-refused.ts';
import { version } from './version.ts';

export interface FlamencoParts {
  readonly options: FlamencoOptions;
  /** Where the workers that look for a manager are sent; known once the server listens. */
  listening(listener: Listener): void;
}

const saltBytes = 32;

/** Null: the door is switched off. */
export async function openFlamenco(
  settings: Settings,
  { secrets, random }: { secrets: SealedSecrets; random: Random },
): Promise<FlamencoParts | null> {
  if (!settings['flamenco.enabled']) return null;
  const hosts = settings['flamenco.hosts'] ?? settings.host;
  const salt = await secrets.getOrMake('flamenco.salt', () => random.secret(saltBytes));
  let httpPort: number | null = null;
  const ssdp = { hosts: settings.host, httpPort: () => httpPort, uuid: deviceId(salt) };
  const options: FlamencoOptions = {
    port: settings['flamenco.port'],
    hosts,
    salt,
    registrationSecret: settings['flamenco.registration-secret'],
    trusted: trustedOf(settings),
    workerTimeoutMs: settings['flamenco.worker-timeout'],
    cleanupMs: settings['flamenco.worker-cleanup-after'],
    timeZone: zoneOf(settings),
    name: settings['flamenco.name'],
    version,
    platform: platformOf(process.platform),
    ssdp: answersSearches(settings) ? ssdp : null,
  };
  const listening = ({ port }: Listener): void => {
    httpPort = port;
  };
  return { options, listening };
}

/** A manager that nobody of another machine can reach need not be found. */
function answersSearches({ host, 'flamenco.ssdp': wish }: Settings): boolean {
  return wish === 'on' || (wish === 'auto' && host.some((one) => !isLoopback(one)));
}

function trustedOf({ 'flamenco.trusted': trusted }: Settings): readonly string[] {
  try {
    addressRule(trusted);
    return trusted;
  } catch (error) {
    throw new StartRefused(`--flamenco-trusted: ${(error as Error).message}`, error);
  }
}

function zoneOf({ 'flamenco.time-zone': zone }: Settings): string {
  if (zone === null) return localZone();
  if (!isZone(zone)) throw new StartRefused(`--flamenco-time-zone: ${zone} is no time zone; write one like Europe/Amsterdam`);
  return zone;
}

/** The same for ever, and nothing can be learnt from it. */
function deviceId(salt: string): string {
  const hex = createHash('sha256').update(`device ${salt}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-');
}
