import { type Agents, openAgents } from '../auth/agents.ts';
import type { Noter } from '../auth/audit-notes.ts';
import type { SealedSecrets } from '../auth/sealed-secrets.ts';
import type { Settings } from '../config/options.ts';
import type { PrinterlynxOptions } from '../doors/printerlynx/door.ts';
import type { Records } from '../ports/records.ts';
import { realClock as clock, realRandom as random } from './real-clock.ts';

export interface PrinterlynxParts {
  readonly options: PrinterlynxOptions;
  readonly agents: Agents;
  /** Of this installation; see the door's `job-id.ts`. */
  readonly mark: string;
}

/** Null: the door is switched off. */
export async function openPrinterlynx(
  settings: Settings,
  parts: { readonly records: Records; readonly secrets: SealedSecrets; readonly note: Noter },
): Promise<PrinterlynxParts | null> {
  if (!settings['printerlynx.enabled']) return null;
  return {
    options: {
      port: settings['printerlynx.port'],
      hosts: settings['printerlynx.hosts'] ?? settings.host,
      limits: { fileBytes: settings['printerlynx.max-file'] },
    },
    agents: await openAgents({ ...parts, clock, random }),
    mark: await parts.secrets.getOrMake('printerlynx.mark', () => random.uuid().slice(0, 8)),
  };
}
