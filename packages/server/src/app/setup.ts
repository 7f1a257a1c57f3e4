import type { SealedSecrets } from '../auth/sealed-secrets.ts';
import { type OptionName, optionNames, rowOf, type Settings } from '../config/options.ts';
import type { Origin } from '../config/settings.ts';
import { shownValue } from '../config/spelling.ts';
import type { Setup } from '../doors/api/deps.ts';
import type { Door } from '../doors/kit/door.ts';
import { opennessOf } from '../doors/kit/openness.ts';

export interface SetupParts {
  readonly secrets: SealedSecrets;
  readonly doors: () => readonly Door[];
  readonly origins: Readonly<Partial<Record<OptionName, Origin>>>;
  readonly tls: Setup['tls'];
}

/** What administrators may see of how this server is set up. */
export function createSetup(settings: Settings, { secrets, doors, origins, tls }: SetupParts): Setup {
  return {
    secrets: () => secrets.list(),
    settings: () =>
      optionNames.map((name) => ({
        name,
        value: shownValue(rowOf(name), settings[name]),
        origin: origins[name] ?? 'default',
      })),
    openness: () => opennessOf(doors(), { named: settings.open, hosts: settings.host }),
    tls,
  };
}
