import type { TaskId } from '../../../domain/ids.ts';
import { type Connection, numberOf } from '../database.ts';
import { turn } from './slices.ts';

/** `"task":57` in the inputs of a body; keys of a JSON text are never escaped here. */
const source = /"task":(\d{1,16})/g;
/** Ids looked at in one turn of the event loop. */
const window = 2_000;

/** Tasks whose files tasks that have not ended take as input. Walks over all tasks, in slices: for the hourly tidying. */
export function sourcesInUse(connection: Connection): () => Promise<ReadonlySet<TaskId>> {
  // States below 6 have not ended; an array's body is that of all its indices.
  const walks = (['task WHERE state < 6 AND', 'array WHERE next < size AND'] as const).map((live) => ({
    next: connection.prepare(`SELECT min(id) FROM ${live.split(' ', 1)[0]} WHERE id > ?`),
    bodies: connection.prepare(
      `SELECT json FROM body WHERE id IN (SELECT body FROM ${live} id BETWEEN ? AND ?) AND json LIKE '%"task":%'`,
    ),
  }));
  return async () => {
    const found = new Set<TaskId>();
    for (const { next, bodies } of walks) {
      for (let first = numberOf(next.get(0)); first > 0; first = numberOf(next.get(first + window - 1))) {
        for (const [json] of bodies.all(first, first + window - 1)) {
          for (const [, id] of (json as string).matchAll(source)) found.add(Number(id));
        }
        await turn();
      }
    }
    return found;
  };
}
