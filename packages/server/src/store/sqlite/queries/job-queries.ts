import type { Job, JobState } from '../../../domain/job.ts';
import { jobStates } from '../../../domain/job.ts';
import type { JobFilter, Page } from '../../../ports/store.ts';
import { decodeJob, jobColumns } from '../codec/job.ts';
import { jobIntent, jobState } from '../codes.ts';
import { type Connection, numberOf } from '../database.ts';
import { jobKinds } from '../searches.ts';
import { type IdRange, inWindows } from './id-windows.ts';
import { inSlices } from './slices.ts';
import { statements, Where } from './statements.ts';

/** Jobs on intent `delete` (4) are shown nowhere. */
export const shown = 'intent <> 4';

export function jobQueries(connection: Connection) {
  const prepare = statements(connection);
  const one = connection.prepare(`SELECT ${jobColumns} FROM job WHERE id = ? AND ${shown}`);
  const newest = connection.prepare('SELECT max(id) FROM job');
  const kindsOf = jobKinds(connection);
  const takenIn = connection.prepare(
    'SELECT id FROM job INDEXED BY job_blocked WHERE intent <> 0 AND state < 4 AND intent = ? ORDER BY id',
  );

  const load = (id: number): Job | null => {
    const cells = one.get(id);
    return cells === undefined ? null : decodeJob(cells);
  };

  function ids(where: Where, index: string, range: IdRange, page: Page, limit: number): number[] {
    const all = new Where().and('id BETWEEN ? AND ?', range.low, range.high).and(shown);
    const sql = `SELECT id FROM job ${index} WHERE ${[where.sql, all.sql].filter(Boolean).join(' AND ')} ORDER BY id ${page.order} LIMIT +?`;
    return prepare(sql)
      .all(...where.parameters, ...all.parameters, limit)
      .map(([id]) => id as number);
  }

  /** The states' runs in the index, merged. */
  function idsByState(filter: JobFilter, states: readonly JobState[], range: IdRange, page: Page, limit: number): number[] {
    const found: number[] = [];
    for (const state of new Set(states)) {
      for (const kind of filter.kinds ?? kindsOf(state)) {
        const where = new Where().and('state = ?', jobState.code[state]).and('kind = ?', kind);
        found.push(...ids(residual(where, filter), 'INDEXED BY job_state', range, page, limit));
      }
    }
    const sign = page.order === 'asc' ? 1 : -1;
    return found.sort((a, b) => sign * (a - b)).slice(0, limit);
  }

  return {
    jobsBeingTakenIn: async (): Promise<number[]> => takenIn.all(jobIntent.code.building).map(([id]) => id as number),
    job: async (id: number): Promise<Job | null> => load(id),
    async jobs(filter: JobFilter, page: Page): Promise<Job[]> {
      const { states, kinds, owner, label } = filter;
      const last = numberOf(newest.get());
      const find = (range: IdRange, limit: number): number[] => {
        if (owner === undefined && label === undefined && (states ?? kinds) !== undefined) {
          return idsByState(filter, states ?? jobStates, range, page, limit);
        }
        const where = residual(new Where(), filter);
        if (owner !== undefined) where.and('owner = ?', owner);
        if (states !== undefined)
          where.among(
            'state',
            states.map((state) => jobState.code[state]),
          );
        if (kinds !== undefined) where.among('kind', kinds);
        return ids(where, owner === undefined ? 'NOT INDEXED' : 'INDEXED BY job_owner', range, page, limit);
      };
      const filtersRest = filter.name !== undefined || label !== undefined;
      const filtersOwner = owner !== undefined && (states ?? kinds) !== undefined;
      return inSlices(await inWindows(page, !filtersRest && !filtersOwner, last, find), load);
    },
  };
}

/** What no index answers. */
function residual(where: Where, { name, label }: JobFilter): Where {
  if (name !== undefined) where.and('instr(lower(name), lower(?)) > 0', name);
  if (label !== undefined) {
    where.and('EXISTS (SELECT 1 FROM job_label l WHERE l.name = ? AND l.value = ? AND l.job = job.id)', label.name, label.value);
  }
  return where;
}
