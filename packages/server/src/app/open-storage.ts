import type { Logger } from 'pino';
import { openSealedSecrets, type SealedSecrets } from '../auth/sealed-secrets.ts';
import { createAdminTokenFile } from '../auth/token-file.ts';
import { createTokens, type Tokens } from '../auth/tokens.ts';
import type { Settings } from '../config/options.ts';
import { openBlobs } from '../files/blobs.ts';
import { openImages } from '../files/images.ts';
import { openLogFiles } from '../files/log-files.ts';
import type { Blobs, LogFiles } from '../ports/files.ts';
import type { Images } from '../ports/images.ts';
import type { Store } from '../ports/store.ts';
import type { BatchWatch } from '../store/sqlite/commits.ts';
import type { Closers } from './closers.ts';
import type { DataPaths } from './data-dir.ts';
import { openStore } from './open-store.ts';
import { realClock, realRandom } from './real-clock.ts';
import { orRefuse } from './start-refused.ts';

/** Everything that stands in DATA. */
export interface Storage {
  readonly store: Store;
  readonly secrets: SealedSecrets;
  readonly tokens: Tokens;
  /** This start made the administrator's token. */
  readonly madeAdmin: boolean;
  readonly blobs: Blobs;
  readonly logFiles: LogFiles;
  readonly images: Images;
}

/** The store first: it keeps a second server away from the folder. `onFatal`: it cannot go on. */
export async function openStorage(
  settings: Settings,
  paths: DataPaths,
  closers: Closers,
  { log, onFatal, watch }: { log: Logger; onFatal: (error: Error) => void; watch: BatchWatch },
): Promise<Storage> {
  const { durability } = settings;
  const store = await openStore(paths.database, durability, onFatal, watch);
  closers.add('store', () => store.close());
  const { records } = store;
  const secrets = orRefuse(await openSealedSecrets({ records, random: realRandom, keyFile: paths.secretKey }));
  const onError = (cause: unknown): void => log.warn({ err: String(cause) }, 'token:note-failed');
  const tokens = createTokens({ records, clock: realClock, random: realRandom, onError });
  closers.add('tokens', () => tokens.close());
  const { created } = orRefuse(await createAdminTokenFile(tokens, paths.adminToken, realClock));

  const limits = { quotaBytes: settings['blob-quota'], maxBytes: settings['blob-max'] };
  const blobs = await openBlobs({ dir: paths.blobs, ...limits, clock: realClock });
  closers.add('blobs', () => blobs.close());
  const logFiles = await openLogFiles({ dir: paths.logs, capBytes: settings['log-cap'], durability });
  closers.add('log files', () => logFiles.close());
  const images = await openImages({ dir: paths.images, roots: settings['images.roots'] });
  closers.add('images', () => images.close());
  return { store, secrets, tokens, madeAdmin: created, blobs, logFiles, images };
}
