import type { BatchWatch } from '../store/sqlite/commits.ts';
import { openSqliteStore, type SqliteStore } from '../store/sqlite/open.ts';
import { StartRefused } from './start-refused.ts';

/** The embedded store with the engine's procedures in its writer thread. It also keeps a second server away from DATA. */
export async function openStore(
  file: string,
  durability: 'full' | 'normal',
  onFatal: (error: Error) => void,
  watch: BatchWatch,
): Promise<SqliteStore> {
  const procedures = { url: import.meta.resolve('../engine/procedures/index.ts'), export: 'procedures' };
  try {
    return await openSqliteStore({ file, durability, mode: 'threaded', procedures, onFatal, watch });
  } catch (error) {
    throw new StartRefused(error instanceof Error ? error.message : String(error), error);
  }
}
