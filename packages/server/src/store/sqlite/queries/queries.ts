import type { Queries } from '../../../ports/store.ts';
import type { Connection } from '../database.ts';
import { fleetQueries } from './fleet-queries.ts';
import { jobQueries } from './job-queries.ts';
import { taskQueries } from './task-queries.ts';
import { timeQueries } from './time-queries.ts';
import { trailQueries } from './trail-queries.ts';

/** What people and doors look at, over a connection that sees committed rows only. */
export function sqliteQueries(connection: Connection): Queries {
  return {
    ...jobQueries(connection),
    ...taskQueries(connection),
    ...fleetQueries(connection),
    ...timeQueries(connection),
    ...trailQueries(connection),
  };
}
