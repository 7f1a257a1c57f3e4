import { readFile } from 'node:fs/promises';
import type { SealedSecrets } from '../auth/sealed-secrets.ts';
import type { Settings } from '../config/options.ts';
import { type KueueConfig, readKueueConfig } from '../doors/kueue/config.ts';
import { type KueueOptions, kueueDefaults } from '../doors/kueue/door.ts';
import { secretFault } from '../doors/kueue/proof.ts';
import type { Random } from '../ports/clock.ts';
import { StartRefused } from './start-refused.ts';

export interface KueuePlaces {
  /** `DATA/kueue.toml`: what the clients need. */
  readonly clientFile: string;
  readonly secrets: SealedSecrets;
  readonly random: Random;
}

const secretBytes = 48;

/** Options, else the file of the Kueue programs, else our defaults. The secret is made at the first start if none is given. */
export async function kueueOptions(settings: Settings, places: KueuePlaces): Promise<KueueOptions> {
  const file = await configFile(settings['kueue.config']);
  const port = settings['kueue.port'] ?? file.port ?? kueueDefaults.port;
  const { secret, secretPlace } = await secretOf(settings, file, places);
  const wrong = secretFault(secret);
  if (wrong !== null) throw new StartRefused(`${wrong} (It comes from ${secretPlace}.)`);
  return {
    secret,
    secretPlace,
    port,
    hosts: settings['kueue.hosts'] ?? settings.host,
    workerTimeoutMs: settings['kueue.worker-timeout'] ?? file.workerTimeoutMs ?? kueueDefaults.workerTimeoutMs,
    offerTimeoutMs: settings['kueue.offer-timeout'] ?? file.offerTimeoutMs ?? kueueDefaults.offerTimeoutMs,
    globalMaxParallelJobs: settings['kueue.global-max-parallel-jobs'] ?? file.globalMaxParallelJobs ?? null,
    globalResources: file.globalResources,
    cleanupAfterMinutes: settings['kueue.cleanup-after-minutes'] ?? file.cleanupAfterMinutes ?? null,
    maintenanceMs: file.maintenanceMs ?? kueueDefaults.maintenanceMs,
    readsFrom: settings.open.includes('kueue-reads') ? null : kueueDefaults.readsFrom,
  };
}

async function configFile(path: string | null): Promise<KueueConfig> {
  if (path === null) return { globalResources: {} };
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new StartRefused(`--kueue-config ${path} cannot be read: ${(error as Error).message}`, error);
  }
  const read = readKueueConfig(text);
  if (read.refusal !== undefined) throw new StartRefused(`--kueue-config ${path}: ${read.refusal.detail}`);
  return read.value;
}

async function secretOf(
  settings: Settings,
  file: KueueConfig,
  { secrets, random, clientFile }: KueuePlaces,
): Promise<{ secret: string; secretPlace: string }> {
  const given = settings['kueue.secret'];
  if (given !== null) return { secret: given, secretPlace: 'the option kueue.secret' };
  if (file.secret !== undefined) return { secret: file.secret, secretPlace: settings['kueue.config'] ?? '' };
  const secret = await secrets.getOrMake('kueue.secret', () => random.secret(secretBytes));
  return { secret, secretPlace: clientFile };
}
