import { closed } from '@switchyard/sdk/names.ts';
import { SeriesView, seriesLimits } from '@switchyard/sdk/series.ts';
import Type from 'typebox';
import { isEnded } from '../../../domain/task.ts';
import type { LogPlace } from '../../../engine/engine.ts';
import type { Answer, HttpRow } from '../../kit/http-row.ts';
import { readWholeLog } from '../../kit/log-reader.ts';
import { type ApiRequest, ok, refused, rowDefiner } from '../api-row.ts';
import type { ApiContext } from '../context.ts';
import { IdParam } from '../schemas.ts';
import { SeriesReader } from '../series.ts';

/** The newest attempts that left any; older ones are not looked at when there are so many. */
const attemptsMost = 100;
/** What is read for one answer. A series as our workers write it has some 100 KB. */
const bytesMost = 16 * 1_048_576;

const SeriesQuery = Type.Object(
  {
    points: Type.Optional(
      Type.Integer({
        minimum: 2,
        maximum: seriesLimits.points.most,
        description: `rows at most; default ${seriesLimits.points.usual}`,
      }),
    ),
  },
  closed,
);
type SeriesRequest = ApiRequest<typeof IdParam, typeof SeriesQuery, undefined>;

export function taskSeriesRows(context: ApiContext): HttpRow[] {
  const row = rowDefiner(context);
  return [
    row({
      method: 'GET',
      path: '/v1/tasks/:id/series',
      summary: 'Numbers that the task left while it ran (an energy by step), thinned; also after its end.',
      // A worker may look at what it runs: the query decides.
      right: null,
      tags: ['tasks'],
      params: IdParam,
      query: SeriesQuery,
      answers: { 200: SeriesView },
      handle: (request) => readSeries(context, request),
    }),
  ];
}

async function readSeries({ engine }: ApiContext, { by, params, query }: SeriesRequest): Promise<Answer> {
  const found = await engine.query.task(by, params.id);
  if (found.refusal !== undefined) return refused(found.refusal);
  const { task } = found.value;
  const points = query.points ?? seriesLimits.points.usual;
  const reader = new SeriesReader(points, seriesLimits.columns);
  for (const { at, length } of await placesOf(engine, task.id, task.attempt)) {
    let rest = '';
    const text = new TextDecoder('latin1');
    for await (const piece of readWholeLog(engine.logs, by, at, length)) {
      const lines = (rest + text.decode(piece, { stream: true })).split('\n');
      rest = (lines.pop() ?? '').slice(0, 4_096);
      for (const line of lines) reader.line(line);
    }
  }
  return ok({ ...reader.read(points), ended: isEnded(task.state) });
}

/** Oldest first. */
async function placesOf(engine: ApiContext['engine'], task: number, newest: number): Promise<{ at: LogPlace; length: number }[]> {
  const places: { at: LogPlace; length: number }[] = [];
  let bytes = 0;
  for (let attempt = newest; attempt > Math.max(0, newest - attemptsMost); attempt -= 1) {
    const { log: length } = await engine.logs.lengths(task, attempt);
    bytes += length;
    if (bytes > bytesMost && places.length > 0) break;
    if (length > 0) places.unshift({ at: { task, attempt, stream: 'log' }, length: Math.min(length, bytesMost) });
  }
  return places;
}
