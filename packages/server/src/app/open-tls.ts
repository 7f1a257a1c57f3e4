import { type FSWatcher, watch } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Logger } from 'pino';
import type { Settings } from '../config/options.ts';
import { type TlsMaterial, tlsFault } from '../doors/kit/tls-gate.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import { StartRefused } from './start-refused.ts';

type TlsSettings = Pick<Settings, 'tls-cert' | 'tls-key' | 'tls-only'>;

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** Null: without TLS. */
export function tlsFilesOf(settings: TlsSettings): TlsFiles | null {
  const { 'tls-cert': cert, 'tls-key': key, 'tls-only': only } = settings;
  if (cert === null && key === null) {
    if (only) throw new StartRefused('--tls-only needs a certificate: add --tls-cert and --tls-key');
    return null;
  }
  if (cert === null || key === null)
    throw new StartRefused(`--tls-${cert === null ? 'key needs --tls-cert' : 'cert needs --tls-key'} too`);
  return { cert, key };
}

/** What stands in the files; the start is refused where it does not do. */
export async function readTls(files: TlsFiles, log: Logger): Promise<TlsMaterial> {
  const material = await read(files).catch((error: Error) => {
    throw new StartRefused(`The TLS files cannot be read: ${error.message}`, error);
  });
  const fault = tlsFault(material);
  if (fault !== null) throw new StartRefused(`--tls-cert ${files.cert} and --tls-key ${files.key} do not do: ${fault}`);
  const { mode } = await stat(files.key);
  if (process.platform !== 'win32' && (mode & 0o007) !== 0) {
    log.warn({ path: files.key }, 'tls:key-readable-by-all: run chmod o-rwx on it');
  }
  return material;
}

export interface TlsWatch {
  /** Reads the files now (SIGHUP). Settles when the new certificate is in use, or the old one was kept and the log says why. */
  reload(): Promise<void>;
  close(): void;
}

/** Two files are replaced one after the other: looked at when it has been quiet for so long. */
const quietMs = 500;

/**
 * Reads the files again whenever something happens in their folders (certificate tools replace files, or links to them). A pair
 * that does not do, or not yet, leaves the old one in use.
 */
export function watchTls(
  files: TlsFiles,
  first: TlsMaterial,
  renew: (material: TlsMaterial) => string | null,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): TlsWatch {
  let timer: Timer | null = null;
  let present = textOf(first);
  const later = (): void => {
    timer?.cancel();
    timer = clock.after(quietMs, () => void reload());
  };

  async function reload(): Promise<void> {
    let fault: string | null;
    try {
      const material = await read(files);
      if (textOf(material) === present) return;
      fault = renew(material);
      if (fault === null) {
        present = textOf(material);
        log.info({ certFile: files.cert }, 'tls:renewed');
      }
    } catch (error) {
      fault = error instanceof Error ? error.message : String(error);
    }
    if (fault !== null) log.error({ certFile: files.cert, keyFile: files.key, fault }, 'tls:kept-the-old-certificate');
  }

  // Kubernetes replaces a link of this name, through which all files of a secret are seen.
  const names = [basename(files.cert), basename(files.key), '..data'];
  const heard = (_event: string, name: string | null): void => {
    if (name === null || names.includes(name)) later();
  };
  const watchers = [...new Set([dirname(files.cert), dirname(files.key)])].map((dir) => watchDir(dir, heard, log));
  return {
    reload,
    close() {
      timer?.cancel();
      for (const watcher of watchers) watcher?.close();
    },
  };
}

function watchDir(dir: string, call: (event: string, name: string | null) => void, log: Logger): FSWatcher | null {
  try {
    const watcher = watch(dir, { persistent: false }, call);
    watcher.on('error', (error) => log.warn({ dir, err: error.message }, 'tls:not-watched: send SIGHUP after a change'));
    return watcher;
  } catch (error) {
    log.warn({ dir, err: (error as Error).message }, 'tls:not-watched: send SIGHUP after a change');
    return null;
  }
}

async function read({ cert, key }: TlsFiles): Promise<TlsMaterial> {
  const [certText, keyText] = await Promise.all([readFile(cert, 'utf8'), readFile(key, 'utf8')]);
  return { cert: certText, key: keyText };
}

const textOf = ({ cert, key }: TlsMaterial): string => `${cert}\n${key}`;
