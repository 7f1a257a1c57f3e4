import { openArchive } from '../../files/archive/archive.ts';
import { summary } from './verify-backup.ts';

export interface ListedBackup {
  readonly name: string;
  /** Null: its list cannot be read. */
  readonly files: number | null;
  readonly bytes: number | null;
}

/** Oldest first. Their contents are not looked at. */
export async function listBackups(dir: string): Promise<ListedBackup[]> {
  const archive = await openArchive(dir, false);
  const listed: ListedBackup[] = [];
  for (const name of await archive.names()) {
    const manifest = await archive.read(name).catch(() => null);
    const { files, bytes } = manifest === null ? { files: null, bytes: null } : summary(name, manifest);
    listed.push({ name, files, bytes });
  }
  return listed;
}
