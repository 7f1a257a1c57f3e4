import { stat } from 'node:fs/promises';
import { type DatabaseFacts, inspectDatabase } from '../../store/sqlite/snapshot.ts';
import { type Finding, fine, problem, warning } from './finding.ts';

const MiB = 1_048_576;

/** Null: there is none yet, or it cannot be opened; the finding says so. */
export async function database(file: string): Promise<{ findings: Finding[]; facts: DatabaseFacts | null }> {
  const main = await stat(file).catch(() => null);
  if (main === null) return { findings: [fine('database', 'there is none yet: the first start makes it')], facts: null };
  try {
    const facts = inspectDatabase(file);
    return { findings: [sound(file, facts, main.size), await walSize(file)], facts };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { findings: [problem('database', `${file} cannot be read: ${text}`, restoreText)], facts: null };
  }
}

const restoreText = 'Stop the server, keep a copy of the folder, then "switchyard restore" the newest backup.';

function sound(file: string, { faults, schema, known }: DatabaseFacts, size: number): Finding {
  if (faults.length > 0) return problem('database', `${file} is damaged: ${faults.slice(0, 3).join('; ')}`, restoreText);
  if (schema > known) return problem('database', `it was written by a newer Switchyard (schema ${schema})`, 'Use that version.');
  const note = schema < known ? `, to be brought from schema ${schema} to ${known} at the next start` : '';
  return fine('database', `sound, ${Math.ceil(size / MiB)} MiB${note}`);
}

/** It shrinks when nobody reads for long; a size of many times its bound says that somebody does. */
async function walSize(file: string): Promise<Finding> {
  const size = (await stat(`${file}-wal`).catch(() => null))?.size ?? 0;
  const text = `the write-ahead log has ${Math.ceil(size / MiB)} MiB`;
  if (size <= 512 * MiB) return fine('write-ahead log', text);
  return warning(
    'write-ahead log',
    text,
    'Some program keeps the database open for reading (a backup, a database viewer): end it.',
  );
}
