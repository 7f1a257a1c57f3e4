import { BlockList, BlockRequest } from '@switchyard/sdk/block.ts';
import { closed, Id, Name } from '@switchyard/sdk/names.ts';
import Type from 'typebox';
import type { Result } from '../../../domain/errors.ts';
import type { Principal } from '../../../domain/principal.ts';
import type { Block } from '../../../domain/rows.ts';
import type { Answer, HttpRow } from '../../kit/http-row.ts';
import { refused, rowDefiner, shown } from '../api-row.ts';
import type { ApiContext } from '../context.ts';
import { IdParam } from '../schemas.ts';
import { timeOf, timeOrNull } from '../views/time.ts';

const listView = (blocks: readonly Block[]) => ({
  blocks: blocks.map(({ job, worker, kind, at, until }) => ({ job, worker, kind, at: timeOf(at), until: timeOrNull(until) })),
});

export function blockRows(context: ApiContext): HttpRow[] {
  const { engine } = context;
  const row = rowDefiner(context);

  /** The job's list as it is after a command. */
  async function after(by: Principal, job: number, result: Result<unknown>): Promise<Answer> {
    return result.refusal === undefined ? shown(await engine.query.blocks(by, { job }), listView) : refused(result.refusal);
  }

  return [
    row({
      method: 'GET',
      path: '/v1/jobs/:id/blocks',
      summary: 'Workers that get no tasks of a kind of this job: they failed too many, or somebody said so.',
      right: 'job:read',
      tags: ['jobs', 'workers'],
      params: IdParam,
      answers: { 200: BlockList },
      handle: async ({ by, params }) => shown(await engine.query.blocks(by, { job: params.id }), listView),
    }),
    row({
      method: 'GET',
      path: '/v1/workers/:id/blocks',
      summary: 'Jobs of which this worker gets no tasks.',
      right: 'worker:read',
      tags: ['workers'],
      params: IdParam,
      answers: { 200: BlockList },
      handle: async ({ by, params }) => {
        const result = await engine.query.blocks(by, { worker: params.id });
        if (result.refusal !== undefined) return refused(result.refusal);
        return shown(result, listView);
      },
    }),
    row({
      method: 'POST',
      path: '/v1/jobs/:id/blocks',
      summary: 'Keeps a worker from the tasks of a kind of this job.',
      right: 'worker:control',
      tags: ['jobs', 'workers'],
      params: IdParam,
      body: BlockRequest,
      answers: { 200: BlockList },
      handle: async ({ by, params, body }) => {
        const until = body.until === undefined ? null : Date.parse(body.until);
        const input = { job: params.id, worker: body.worker, kind: body.kind, requeue: body.requeue ?? false, until };
        return after(by, params.id, await engine.command(by, 'block', input));
      },
    }),
    row({
      method: 'DELETE',
      path: '/v1/jobs/:id/blocks',
      summary: 'Forgives: workers (or one of them, or for one kind) may try the job again, and their failures are forgotten.',
      right: 'worker:control',
      tags: ['jobs', 'workers'],
      params: IdParam,
      query: Type.Object({ worker: Type.Optional(Id), kind: Type.Optional(Name) }, closed),
      answers: { 200: BlockList },
      handle: async ({ by, params, query }) => {
        const input = { job: params.id, worker: query.worker ?? null, kind: query.kind ?? null };
        return after(by, params.id, await engine.command(by, 'forgive', input));
      },
    }),
  ];
}
