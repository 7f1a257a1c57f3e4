import type { Settings } from '../config/options.ts';
import type { ConciergeOptions } from '../doors/concierge/door.ts';
import { addressRule } from '../doors/kit/addresses.ts';
import { openClientFiles } from '../files/client-files.ts';
import { openStaticFiles } from '../files/static-files.ts';
import type { ClientFiles } from '../ports/client-files.ts';
import type { StaticFiles } from '../ports/static-files.ts';
import type { Closers } from './closers.ts';
import { realClock as clock } from './real-clock.ts';
import { StartRefused } from './start-refused.ts';

export interface ConciergeParts {
  readonly options: ConciergeOptions;
  readonly files: ClientFiles;
  readonly viewer: StaticFiles | null;
}

/** Null: the door is switched off. */
export async function openConcierge(settings: Settings, dir: string, closers: Closers): Promise<ConciergeParts | null> {
  if (!settings['concierge.enabled']) return null;
  const options = conciergeOptions(settings);
  const viewer = await openViewer(settings);
  const { fileBytes, clientFileBytes } = options.limits;
  const files = await openClientFiles({ dir, clock, fileBytes, folderBytes: clientFileBytes, folderFiles: 1_000 });
  closers.add('client files', () => files.close());
  return { options, files, viewer };
}

async function openViewer({ 'concierge.viewer': dir, 'concierge.port': port }: Settings): Promise<StaticFiles | null> {
  if (dir === null) return null;
  if (port === null) throw new StartRefused('--concierge-viewer is shown on the door\u2019s own port only: add --concierge-port');
  try {
    return await openStaticFiles(dir);
  } catch (error) {
    throw new StartRefused(`--concierge-viewer: ${(error as Error).message}`, error);
  }
}

function conciergeOptions(settings: Settings) {
  return {
    port: settings['concierge.port'],
    hosts: settings['concierge.hosts'] ?? settings.host,
    open: settings.open.includes('concierge'),
    secret: settings['concierge.secret'],
    secretExempt: addresses(settings, 'concierge.secret-exempt'),
    trusted: addresses(settings, 'concierge.trusted'),
    // The table of options knows no others.
    trustedOnly: settings['concierge.trusted-only'] as ConciergeOptions['trustedOnly'],
    reserved: settings['concierge.reserved'],
    origins: settings['concierge.origins'],
    queuePolicy: settings['concierge.queue-policy'],
    conflate: settings['concierge.conflate'],
    fileKeys: settings['concierge.file-keys'],
    service: settings['concierge.service'],
    limits: {
      heartbeatMs: settings['concierge.heartbeat'],
      silenceMs: settings['concierge.silence'],
      messageBytes: settings['concierge.message-size'],
      queueBytes: settings['concierge.queue-size'],
      framesPerSecond: settings['concierge.frames-per-second'],
      bytesPerSecond: settings['concierge.bytes-per-second'],
      clients: settings['concierge.clients'],
      clientsPerAddress: settings['concierge.clients-per-address'],
      fileBytes: settings['concierge.file-size'],
      clientFileBytes: settings['concierge.client-files-size'],
    },
  } satisfies ConciergeOptions;
}

function addresses(settings: Settings, name: 'concierge.secret-exempt' | 'concierge.trusted'): readonly string[] {
  try {
    addressRule(settings[name]);
    return settings[name];
  } catch (error) {
    throw new StartRefused(`--${name.replace('.', '-')}: ${(error as Error).message}`, error);
  }
}
