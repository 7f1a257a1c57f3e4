import type { Queries } from '../../../ports/store.ts';
import type { Quiet } from '../commits.ts';
import type { Connection } from '../database.ts';
import { fleetQueries } from './fleet-queries.ts';
import { jobQueries } from './job-queries.ts';
import { sourcesInUse } from './sources.ts';
import { taskQueries } from './task-queries.ts';
import { timeQueries } from './time-queries.ts';
import { trailQueries } from './trail-queries.ts';

/** What people and doors look at. `quiet` says when nothing is being written. */
export function sqliteQueries(connection: Connection, quiet: Quiet): Queries {
  return {
    ...jobQueries(connection),
    ...taskQueries(connection, quiet),
    ...fleetQueries(connection),
    ...timeQueries(connection),
    ...trailQueries(connection),
    sourcesInUse: sourcesInUse(connection),
  };
}
