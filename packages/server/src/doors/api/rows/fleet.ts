import { closed } from '@switchyard/sdk/names.ts';
import { PoolRequest, PoolView } from '@switchyard/sdk/pool.ts';
import { PoolList, WorkerDetail, WorkerList } from '@switchyard/sdk/system.ts';
import { WishRequest, WorkerView } from '@switchyard/sdk/worker.ts';
import Type from 'typebox';
import type { Result } from '../../../domain/errors.ts';
import type { Principal } from '../../../domain/principal.ts';
import type { Answer, HttpRow } from '../../kit/http-row.ts';
import { done, ok, refused, rowDefiner, shown } from '../api-row.ts';
import type { ApiContext } from '../context.ts';
import { IdParam, NoFields } from '../schemas.ts';
import { workerView } from '../views/worker-view.ts';

const PoolName = Type.Object({ name: Type.String({ pattern: '^[A-Za-z0-9_.:-]{1,100}$' }) });

export function workerRows(context: ApiContext): HttpRow[] {
  const { engine } = context;
  const row = rowDefiner(context);

  /** The worker as it is after a command. */
  async function after(by: Principal, id: number, result: Result<unknown>): Promise<Answer> {
    return result.refusal === undefined ? shown(await engine.query.worker(by, id), workerView) : refused(result.refusal);
  }

  return [
    row({
      method: 'GET',
      path: '/v1/workers',
      summary: 'All workers, whichever door they came in by.',
      right: 'worker:read',
      tags: ['workers'],
      answers: { 200: WorkerList },
      handle: async ({ by }) => ok({ workers: (await engine.query.workers(by)).map(workerView) }),
    }),
    row({
      method: 'GET',
      path: '/v1/workers/:id',
      summary: 'One worker with the tasks that it holds.',
      right: 'worker:read',
      tags: ['workers'],
      params: IdParam,
      answers: { 200: WorkerDetail },
      handle: async ({ by, params }) => {
        const worker = await engine.query.worker(by, params.id);
        if (worker.refusal !== undefined) return refused(worker.refusal);
        const held = await engine.query.held(by, params.id);
        return ok({ ...workerView(worker.value), held: held.map(({ id }) => id) });
      },
    }),
    row({
      method: 'POST',
      path: '/v1/workers/:id/wish',
      summary: 'Asks the worker to become something; after its present tasks, unless `lazy` is false.',
      right: 'worker:control',
      tags: ['workers'],
      params: IdParam,
      body: WishRequest,
      answers: { 200: WorkerView },
      handle: async ({ by, params, body }) => {
        const input = { worker: params.id, mode: body.mode as WishRequest['mode'], lazy: body.lazy ?? true };
        return after(by, params.id, await engine.command(by, 'wish', input));
      },
    }),
    row({
      method: 'POST',
      path: '/v1/workers/:id/approve',
      summary: 'Lets a worker in that waits for approval.',
      right: 'worker:control',
      tags: ['workers'],
      params: IdParam,
      body: NoFields,
      answers: { 200: WorkerView },
      handle: async ({ by, params }) => after(by, params.id, await engine.command(by, 'approve', { worker: params.id })),
    }),
    row({
      method: 'DELETE',
      path: '/v1/workers/:id',
      summary: 'Forgets a worker; while it holds tasks only with `force`.',
      right: 'worker:control',
      tags: ['workers'],
      params: IdParam,
      query: Type.Object({ force: Type.Optional(Type.Boolean()) }, closed),
      answers: { 204: null },
      handle: async ({ by, params, query }) => {
        const result = await engine.command(by, 'forget', { worker: params.id, force: query.force ?? false });
        return result.refusal === undefined ? done : refused(result.refusal);
      },
    }),
  ];
}

export function poolRows(context: ApiContext): HttpRow[] {
  const { engine } = context;
  const row = rowDefiner(context);
  return [
    row({
      method: 'GET',
      path: '/v1/pools',
      summary: 'Counted resources of the whole server.',
      right: 'pool:read',
      tags: ['pools'],
      answers: { 200: PoolList },
      handle: async ({ by }) => ok({ pools: await engine.query.pools(by) }),
    }),
    row({
      method: 'PUT',
      path: '/v1/pools/:name',
      summary: 'Makes or resizes a pool. `kind:K` limits the slots of all tasks of kind K.',
      right: 'pool:write',
      tags: ['pools'],
      params: PoolName,
      body: PoolRequest,
      answers: { 200: PoolView },
      handle: async ({ by, params, body }) =>
        shown(await engine.command(by, 'setPool', { name: params.name, total: body.total }), (pool) => pool),
    }),
    row({
      method: 'DELETE',
      path: '/v1/pools/:name',
      summary: 'Removes a pool; tasks that name it wait until there is one again.',
      right: 'pool:write',
      tags: ['pools'],
      params: PoolName,
      answers: { 204: null },
      handle: async ({ by, params }) => {
        const result = await engine.command(by, 'setPool', { name: params.name, total: null });
        return result.refusal === undefined ? done : refused(result.refusal);
      },
    }),
  ];
}
