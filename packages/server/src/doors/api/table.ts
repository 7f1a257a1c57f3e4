import type { HttpRow } from '../kit/http-row.ts';
import type { ApiContext } from './context.ts';
import { adminRows } from './rows/admin.ts';
import { agentRows } from './rows/agents.ts';
import { blockRows } from './rows/blocks.ts';
import { changeRows } from './rows/changes.ts';
import { docsPageRows } from './rows/docs-page.ts';
import { fileRows } from './rows/files.ts';
import { poolRows, workerRows } from './rows/fleet.ts';
import { frontRows } from './rows/front.ts';
import { hubRows } from './rows/hub.ts';
import { imageRows } from './rows/images.ts';
import { jobCommandRows } from './rows/job-commands.ts';
import { jobRows } from './rows/jobs.ts';
import { keptFileRows } from './rows/kept-files.ts';
import { operationRows } from './rows/operation.ts';
import { pageRows } from './rows/page.ts';
import { printerRows } from './rows/printers.ts';
import { scheduleRows } from './rows/schedules.ts';
import { sessionRows } from './rows/session.ts';
import { setupRows } from './rows/setup.ts';
import { sleepRows } from './rows/sleep.ts';
import { submitRows } from './rows/submit.ts';
import { systemRows } from './rows/system.ts';
import { taskLiveRows } from './rows/task-live.ts';
import { taskLogRows } from './rows/task-log.ts';
import { taskSeriesRows } from './rows/task-series.ts';
import { taskRows } from './rows/tasks.ts';
import { userRows } from './rows/users.ts';
import { variableRows } from './rows/variables.ts';
import { webhookRows } from './rows/webhooks.ts';
import { whyRows } from './rows/why.ts';

/**
 * The whole door. In each family a row is: method and address, right, schemas of address, query and body, what is answered,
 * and the engine's command or query.
 */
export function apiTable(context: ApiContext): readonly HttpRow[] {
  const rows: HttpRow[] = [
    ...submitRows(context), //     POST /v1/jobs, /v1/jobs/batch
    ...jobRows(context), //        GET  /v1/jobs, /v1/jobs/:id, …/tasks, …/wait
    ...jobCommandRows(context), // POST /v1/jobs/:id/{cancel,hold,release,retry,priority}, DELETE /v1/jobs/:id
    ...taskRows(context), //       GET  /v1/tasks, /v1/tasks/:id, POST …/{cancel,hold,release,retry,suspend,resume}
    ...taskLogRows(context), //    GET  /v1/tasks/:id/log
    ...taskSeriesRows(context), // GET  /v1/tasks/:id/series
    ...taskLiveRows(context), //   GET  /v1/tasks/:id/live/:name
    ...imageRows(context), //      GET  /v1/images, /v1/jobs/:id/image, PUT /v1/tasks/:id/image
    ...fileRows(context), //       GET  /v1/tasks/:id/artifacts, …/*, POST /v1/blobs, GET /v1/blobs/:sha
    ...keptFileRows(context), //   …/v1/files
    ...whyRows(context), //        GET  /v1/jobs/:id/why, /v1/tasks/:id/why
    ...blockRows(context), //      GET, POST, DELETE /v1/jobs/:id/blocks, GET /v1/workers/:id/blocks
    ...workerRows(context), //     GET  /v1/workers, /v1/workers/:id, POST …/{wish,approve}, DELETE
    ...sleepRows(context), //      GET, PUT, DELETE /v1/workers/:id/sleep
    ...printerRows(context), //    GET  /v1/printers, /v1/printers/:id, POST …/{clear,pause,…}, PUT …/{gate,tags,…}
    ...agentRows(context), //      GET, POST /v1/agents, DELETE /v1/agents/:id
    ...poolRows(context), //       GET  /v1/pools, PUT and DELETE /v1/pools/:name
    ...variableRows(context), //   GET  /v1/variables, PUT and DELETE /v1/variables/:name
    ...hubRows(context), //        GET  /v1/hub, DELETE /v1/hub/clients/:uuid
    ...scheduleRows(context), //   …/v1/schedules
    ...webhookRows(context), //    …/v1/webhooks
    ...changeRows(context), //     GET  /v1/changes
    ...systemRows(context), //     GET  /v1/{stats,doors,kinds,whoami}, /healthz, /readyz, /metrics
    ...setupRows(context), //      GET  /v1/{system,settings,secrets}
    ...sessionRows(context), //    POST, GET, DELETE /v1/session, POST /v1/{register,links}, …/sessions, …/me
    ...userRows(context), //       …/v1/users, …/v1/invitations
    ...operationRows(context), //  GET, PUT /v1/log-level
    ...adminRows(context), //      GET, POST /v1/tokens, DELETE /v1/tokens/:id, GET /v1/audit
  ];
  rows.push(...pageRows(context)); //               GET  /, /ui/*
  rows.push(...docsPageRows(context)); // GET /docs, /docs/page.{css,js}
  rows.push(...frontRows(context, () => rows)); // GET  /openapi.json, /worker.mjs
  return rows;
}
