import type { TaskId } from '../../../domain/ids.ts';
import { taskStates } from '../../../domain/task.ts';
import type { Page, ShownTask, TaskFilter } from '../../../ports/store.ts';
import { taskState } from '../codes.ts';
import { type Connection, numberOf } from '../database.ts';
import { type IdRange, inWindows, rangeOf } from './id-windows.ts';
import { kindsIn } from './kinds.ts';
import { decodeShownArray, type ShownArray, shownArrayColumns, shownIndex, shownTasks } from './shown-tasks.ts';
import { inSlices } from './slices.ts';
import { statements, Where } from './statements.ts';

/** Something to show, not yet fetched: a row, or an index of an array. */
type Entry = { readonly id: TaskId; readonly of: ShownArray | null };

/** Rows and array indices in one order of ids. */
export function taskList(connection: Connection): (filter: TaskFilter, page: Page) => Promise<ShownTask[]> {
  const rows = rowIds(connection);
  const indices = arrayIndices(connection);
  const { ofRow } = shownTasks(connection);
  return async (filter, page) => {
    const entries = merge(await rows(filter, page), indices(filter, page), page);
    return inSlices(entries, ({ id, of }) => {
      const row = ofRow(id);
      if (of === null) return row;
      // An index that was claimed a moment ago is shown as what it has become, unless it was asked for by its state.
      if (row !== null) return filter.states === undefined ? row : null;
      return shownIndex(of, id - of.array.id);
    });
  };
}

function merge(rows: readonly TaskId[], indices: readonly Entry[], page: Page): Entry[] {
  const sign = page.order === 'asc' ? 1 : -1;
  const known = new Set(rows);
  const all = rows.map((id): Entry => ({ id, of: null }));
  for (const entry of indices) if (!known.has(entry.id)) all.push(entry);
  return all.sort((a, b) => sign * (a.id - b.id)).slice(0, page.limit);
}

/** Ids of task rows that match. Each filter has an index that answers most of it; the rest is looked through in windows. */
function rowIds(connection: Connection): (filter: TaskFilter, page: Page) => Promise<TaskId[]> {
  const prepare = statements(connection);
  const newest = connection.prepare('SELECT max(id) FROM task');
  const kinds = kindsIn(connection, 'task', 'task_kind');

  function ids(index: string, where: Where, range: IdRange, page: Page, limit: number): TaskId[] {
    where.and('t.id BETWEEN ? AND ?', range.low, range.high);
    const sql = `SELECT t.id FROM task t ${index} CROSS JOIN job j ON j.id = t.job AND j.intent <> 4
      WHERE ${where.sql} ORDER BY t.id ${page.order} LIMIT +?`;
    return prepare(sql)
      .all(...where.parameters, limit)
      .map(([id]) => id as TaskId);
  }

  function byKind(filter: TaskFilter, range: IdRange, page: Page, limit: number): TaskId[] {
    const found: TaskId[] = [];
    for (const kind of new Set(filter.kinds ?? kinds())) {
      for (const state of new Set(filter.states ?? taskStates)) {
        const where = new Where().and('t.kind = ?', kind).and('t.state = ?', taskState.code[state]);
        if (filter.owner !== undefined) where.and('j.owner = ?', filter.owner);
        found.push(...ids('INDEXED BY task_kind', where, range, page, limit));
      }
    }
    const sign = page.order === 'asc' ? 1 : -1;
    return found.sort((a, b) => sign * (a - b)).slice(0, limit);
  }

  return (filter, page) => {
    const { job, worker, owner } = filter;
    const find = (range: IdRange, limit: number): TaskId[] => {
      if (job === undefined && worker === undefined && (filter.kinds ?? filter.states) !== undefined) {
        return byKind(filter, range, page, limit);
      }
      const where = new Where();
      if (worker !== undefined) where.and('t.worker = ? AND t.state BETWEEN 2 AND 5', worker);
      if (job !== undefined) where.and('t.job = ?', job);
      if (owner !== undefined) where.and('j.owner = ?', owner);
      if (filter.kinds !== undefined) where.among('t.kind', filter.kinds);
      if (filter.states !== undefined)
        where.among(
          't.state',
          filter.states.map((state) => taskState.code[state]),
        );
      const index = worker !== undefined ? 'INDEXED BY task_held' : job !== undefined ? 'INDEXED BY task_job' : 'NOT INDEXED';
      return ids(index, where, range, page, limit);
    };
    const answered = owner === undefined || worker !== undefined;
    const scans = !answered || (job !== undefined && (filter.states ?? filter.kinds) !== undefined);
    return inWindows(page, !scans, numberOf(newest.get()), find);
  };
}

/** Indices without a row, of arrays that match: a page of arrays is enough, since each gives at least one. */
function arrayIndices(connection: Connection): (filter: TaskFilter, page: Page) => Entry[] {
  const prepare = statements(connection);
  const around = connection.prepare('SELECT max(id) FROM array WHERE id <= ?');
  const rows = connection.prepare('SELECT id FROM task WHERE id BETWEEN ? AND ?');

  function arrays(filter: TaskFilter, range: IdRange, page: Page): ShownArray[] {
    const where = new Where().and('a.next < a.size');
    // The block that the range begins in may have begun before it.
    where.and('a.id BETWEEN ? AND ?', page.order === 'asc' ? numberOf(around.get(range.low)) : 0, range.high);
    if (filter.job !== undefined) where.and('a.job = ?', filter.job);
    if (filter.owner !== undefined) where.and('j.owner = ?', filter.owner);
    if (filter.kinds !== undefined) where.among('a.kind', filter.kinds);
    if (filter.states !== undefined)
      where.among(
        'a.rest',
        filter.states.map((state) => taskState.code[state]),
      );
    // Few arrays are open at a time; the others must cost nothing.
    const index = filter.job === undefined ? 'array_rest' : 'array_job';
    const sql = `SELECT ${shownArrayColumns} FROM array a INDEXED BY ${index} CROSS JOIN job j ON j.id = a.job AND j.intent <> 4
      WHERE ${where.sql} ORDER BY a.id ${page.order} LIMIT +?`;
    return prepare(sql)
      .all(...where.parameters, page.limit + 1)
      .map(decodeShownArray);
  }

  return (filter, page) => {
    if (filter.worker !== undefined) return [];
    const range = rangeOf(page);
    const entries: Entry[] = [];
    for (const shown of arrays(filter, range, page)) {
      const { id, next, size, holes } = shown.array;
      const low = Math.max(id + next, range.low);
      const high = Math.min(id + size - 1, range.high);
      const standing = new Set(holes === 0 ? [] : rows.all(id + next, id + size - 1).map(([row]) => row));
      for (let n = 0; n <= high - low && entries.length < page.limit; n += 1) {
        const at = page.order === 'asc' ? low + n : high - n;
        if (!standing.has(at)) entries.push({ id: at, of: shown });
      }
      if (entries.length >= page.limit) break;
    }
    return entries;
  };
}
