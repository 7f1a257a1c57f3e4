import { closed } from '@switchyard/sdk/names.ts';
import { liveFrame } from '@switchyard/sdk/worker-wire.ts';
import Type from 'typebox';
import { isEnded } from '../../../domain/task.ts';
import type { LiveValue } from '../../../engine/engine.ts';
import { standsOn } from '../../kit/credentials.ts';
import type { Answer, HttpRow } from '../../kit/http-row.ts';
import { type ApiRequest, refused, rowDefiner } from '../api-row.ts';
import { awaitChange } from '../await-change.ts';
import type { ApiContext } from '../context.ts';
import { IdParam } from '../schemas.ts';

const LiveParams = Type.Object({
  ...IdParam.properties,
  name: Type.String({ pattern: '^[A-Za-z0-9_.:-]+$', minLength: 1, maxLength: liveFrame.nameLength }),
});
const LiveQuery = Type.Object(
  { after: Type.Optional(Type.Integer({ minimum: 0, description: '`x-live-at` of the value before: only a later one' })) },
  closed,
);
type LiveRequest = ApiRequest<typeof LiveParams, typeof LiveQuery, undefined>;

export function taskLiveRows(context: ApiContext): HttpRow[] {
  const row = rowDefiner(context);
  return [
    row({
      method: 'GET',
      path: '/v1/tasks/:id/live/:name',
      summary:
        'What the running task shows of itself under this name, as soon as there is something newer; 204: ended, or ask again.',
      right: null,
      tags: ['tasks'],
      lasting: true,
      params: LiveParams,
      query: LiveQuery,
      answers: { 200: null, 204: null },
      handle: (request) => readLive(context, request),
    }),
  ];
}

async function readLive(context: ApiContext, request: LiveRequest): Promise<Answer> {
  const { engine, life } = context;
  const { by, params, head } = request;
  const found = await engine.query.task(by, params.id);
  if (found.refusal !== undefined) return refused(found.refusal);
  if (head || isEnded(found.value.task.state)) return { status: 204 };
  const entered = life.enter(request.signal, standsOn(request));
  if (entered.refusal !== undefined) return refused(entered.refusal);
  const { signal, leave } = entered.value;
  const value = await next(context, request, signal).finally(leave);
  return value === null ? { status: 204 } : { status: 200, headers: headersOf(value), body: Buffer.from(value.bytes) };
}

/** The first value after `after`; null: the task has ended, or the time of a long poll is over. */
async function next(context: ApiContext, { by, params, query }: LiveRequest, signal: AbortSignal): Promise<LiveValue | null> {
  const { engine, clock, limits } = context;
  const { after = -1 } = query;
  const got = new AbortController();
  let value: LiveValue | null = null;
  const stop = engine.live.watch(params.id, params.name, (shown) => {
    if (shown.at <= after) return;
    value = shown;
    got.abort();
  });
  const either = AbortSignal.any([signal, got.signal]);
  const over = { feed: engine.feed, clock, filter: { task: params.id }, ms: limits.waitMs, signal: either };
  await awaitChange(over, async () => {
    const found = await engine.query.task(by, params.id);
    return value !== null || found.refusal !== undefined || isEnded(found.value.task.state) ? true : null;
  }).finally(stop);
  return value;
}

/** Bytes of others: always a download, never a page of ours. */
function headersOf({ at }: LiveValue): Record<string, string> {
  return {
    'content-type': 'application/octet-stream',
    'content-security-policy': "sandbox; default-src 'none'",
    'content-disposition': 'attachment',
    'cache-control': 'no-store',
    'x-live-at': String(at),
  };
}
