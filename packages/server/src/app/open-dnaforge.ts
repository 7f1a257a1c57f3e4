import type { Logger } from 'pino';
import { type DoorTokens, openDoorTokens } from '../auth/door-tokens.ts';
import type { Settings } from '../config/options.ts';
import type { Visitor } from '../doors/dnaforge/desk.ts';
import type { DnaforgeOptions } from '../doors/dnaforge/door.ts';
import { dnaforgeLimits } from '../doors/dnaforge/limits.ts';
import type { Records } from '../ports/records.ts';
import type { Closers } from './closers.ts';
import { realClock as clock, realRandom as random } from './real-clock.ts';

export interface DnaforgeParts {
  readonly options: DnaforgeOptions;
  readonly visitors: DoorTokens<Visitor['facts']>;
}

/** Null: the door is switched off. */
export async function openDnaforge(
  settings: Settings,
  { records, log }: { records: Records; log: Logger },
  closers: Closers,
): Promise<DnaforgeParts | null> {
  if (!settings['dnaforge.enabled']) return null;
  const visitors = await openDoorTokens<Visitor['facts']>({
    ...{ records, clock, random, collection: 'dnaforge-token', most: dnaforgeLimits.tokens },
    graceMs: settings['dnaforge.token-grace'],
    onError: (cause) => log.warn({ err: String(cause) }, 'dnaforge:token-kept'),
  });
  closers.add('DNAforge tokens', () => visitors.close());
  return { options: dnaforgeOptions(settings), visitors };
}

function dnaforgeOptions(settings: Settings): DnaforgeOptions {
  // Blank is the reference's way to ask for none.
  const accessToken = settings['dnaforge.access-token']?.trim() || null;
  return {
    port: settings['dnaforge.port'],
    hosts: settings['dnaforge.hosts'] ?? settings.host,
    accessToken,
    open: settings.open.includes('dnaforge'),
    origins: [...settings['dnaforge.origins'], ...settings['allowed-origins']],
    parallelJobs: settings['dnaforge.parallel-jobs'],
    authResponse: settings['dnaforge.auth-response'],
    policy: { cuda: settings['dnaforge.cuda'], silenceMs: settings['dnaforge.stage-silence'] },
    limits: { bodyBytes: settings['dnaforge.max-body'] },
  };
}
