import { closed, Id } from '@switchyard/sdk/names.ts';
import Type from 'typebox';
import { type ChangeKind, changeKinds } from '../../../domain/change.ts';
import type { FeedFilter } from '../../../engine/engine.ts';
import { standsOn } from '../../kit/credentials.ts';
import type { HttpRow } from '../../kit/http-row.ts';
import { refused, rowDefiner } from '../api-row.ts';
import { changeStream } from '../change-stream.ts';
import type { ApiContext } from '../context.ts';
import { startLiveEvents } from '../live-events.ts';
import { startProgressEvents } from '../progress-events.ts';

const kindNames = Object.keys(changeKinds) as ChangeKind[];
const ChangeQuery = Type.Object(
  {
    since: Type.Optional(Type.Integer({ minimum: 0, description: 'everything after this number; default: from now on' })),
    job: Type.Optional(Id),
    task: Type.Optional(Id),
    worker: Type.Optional(Id),
    progress: Type.Optional(
      Type.Boolean({ description: 'also `progress` events of running tasks, newest value, without a number' }),
    ),
    live: Type.Optional(
      Type.Boolean({
        description: 'also `image` (a job shows another picture) and `report` (a printer shows something new) events',
      }),
    ),
    kinds: Type.Optional(Type.Array(Type.Union(kindNames.map((kind) => Type.Literal(kind))))),
  },
  closed,
);

export function changeRows(context: ApiContext): HttpRow[] {
  const { engine, clock, life, limits } = context;
  const row = rowDefiner(context);
  return [
    row({
      method: 'GET',
      path: '/v1/changes',
      summary:
        'Committed changes as server-sent events: replayed from a number, then live. `reset` when the number is no longer kept.',
      // What one sees of them depends on its rights: the feed leaves out the rest.
      right: null,
      tags: ['changes'],
      lasting: true,
      query: ChangeQuery,
      reads: { 'last-event-id': 'Number of the last event seen; goes before `since`.' },
      answers: { 200: null },
      handle: (request) => {
        const { by, query, headers, head } = request;
        if (head) return { status: 200, headers: sse };
        const entered = life.enter(request.signal, standsOn(request));
        if (entered.refusal !== undefined) return refused(entered.refusal);
        const { signal, leave } = entered.value;
        const since = lastSeen(headers['last-event-id']) ?? query.since ?? null;
        const filter = filterOf(query);
        const beside = (ready: () => boolean, push: (text: string) => void) => {
          const how = { clock, ready, push };
          const told = [
            ...(query.progress === true ? [startProgressEvents(engine, by, filter, how)] : []),
            ...(query.live === true ? [startLiveEvents(engine, by, filter, how)] : []),
          ];
          return {
            stop: () => {
              for (const one of told) one.stop();
            },
          };
        };
        const heart = { clock, everyMs: limits.heartbeatMs };
        const stream = changeStream(engine.feed, by, filter, since, signal, heart, beside);
        stream.once('close', leave);
        return { status: 200, headers: sse, body: stream };
      },
    }),
  ];
}

/** `x-accel-buffering`: a proxy in front must pass events on at once. */
const sse = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' };

const lastSeen = (header: string | undefined): number | null => (/^\d{1,16}$/.test(header ?? '') ? Number(header) : null);

function filterOf({ job, task, worker, kinds }: Type.Static<typeof ChangeQuery>): FeedFilter {
  return {
    ...(job === undefined ? {} : { job }),
    ...(task === undefined ? {} : { task }),
    ...(worker === undefined ? {} : { worker }),
    ...(kinds === undefined ? {} : { kinds }),
  };
}
