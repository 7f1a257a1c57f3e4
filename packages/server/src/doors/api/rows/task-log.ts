import { Readable } from 'node:stream';
import { closed } from '@switchyard/sdk/names.ts';
import Type from 'typebox';
import { refuse } from '../../../domain/errors.ts';
import { isEnded } from '../../../domain/task.ts';
import type { LogPlace } from '../../../engine/engine.ts';
import { standsOn } from '../../kit/credentials.ts';
import type { Answer, HttpRow } from '../../kit/http-row.ts';
import { readWholeLog } from '../../kit/log-reader.ts';
import { byteRange, contentRange, noRange } from '../../kit/range.ts';
import { type ApiRequest, refused, rowDefiner } from '../api-row.ts';
import { awaitChange } from '../await-change.ts';
import type { ApiContext } from '../context.ts';
import { IdParam } from '../schemas.ts';

/** A range is answered from memory: at most this much of it at once, `Content-Range` says how much. */
const mostOfRange = 4 * 1_048_576;

const LogQuery = Type.Object(
  {
    stream: Type.Optional(Type.Union([Type.Literal('out'), Type.Literal('err'), Type.Literal('log')])),
    attempt: Type.Optional(Type.Integer({ minimum: 1, maximum: 4_294_967_295, description: 'default: the latest' })),
    follow: Type.Optional(Type.Boolean({ description: 'goes on until the attempt has ended' })),
    start: Type.Optional(Type.Integer({ minimum: 0, description: 'with follow: first byte' })),
  },
  closed,
);
type LogRequest = ApiRequest<typeof IdParam, typeof LogQuery, undefined>;

export function taskLogRows(context: ApiContext): HttpRow[] {
  const row = rowDefiner(context);
  return [
    row({
      method: 'GET',
      path: '/v1/tasks/:id/log',
      summary: 'Output of one attempt. A middle that is no longer kept is one line; with `Range` the bytes as they are.',
      // A worker may look at what it runs: the query decides.
      right: null,
      tags: ['tasks'],
      lasting: true,
      params: IdParam,
      query: LogQuery,
      reads: { range: 'One range of bytes.' },
      answers: { 200: null, 204: null, 206: null, 416: null },
      handle: (request) => readLog(context, request),
    }),
  ];
}

async function readLog(context: ApiContext, request: LogRequest): Promise<Answer> {
  const { engine } = context;
  const { by, params, query, head } = request;
  const found = await engine.query.task(by, params.id);
  if (found.refusal !== undefined) return refused(found.refusal);
  const { task } = found.value;
  const attempt = query.attempt ?? task.attempt;
  if (attempt > task.attempt) return refused(refuse('not_found', `Task ${task.id} has no attempt ${attempt}`).refusal);
  const at: LogPlace = { task: task.id, attempt, stream: query.stream ?? 'out' };
  const follow = query.follow === true && !head;
  if (attempt === 0) return follow && !isEnded(task.state) ? awaitStart(context, request) : emptyLog(0);
  const { [at.stream]: length } = await engine.logs.lengths(at.task, at.attempt);
  if (head) return { status: 200, headers: logHeaders(length, attempt) };
  if (follow) return followed(context, request, at, length);
  if (request.headers.range !== undefined) return ranged(context, request, at, length);
  return { status: 200, headers: logHeaders(length, attempt), body: Readable.from(readWholeLog(engine.logs, by, at, length)) };
}

function logHeaders(length: number, attempt: number): Record<string, string> {
  return {
    'content-type': 'text/plain; charset=utf-8',
    'x-log-length': String(length),
    'x-log-attempt': String(attempt),
    'accept-ranges': 'bytes',
    'cache-control': 'no-store',
  };
}

const emptyLog = (attempt: number): Answer => ({ status: 200, headers: logHeaders(0, attempt), body: '' });

/** It has not started yet: waits for that, at most one long poll; then 204, ask again. */
async function awaitStart(context: ApiContext, request: LogRequest): Promise<Answer> {
  const { engine, clock, life, limits } = context;
  const { by, params } = request;
  const entered = life.enter(request.signal, standsOn(request));
  if (entered.refusal !== undefined) return refused(entered.refusal);
  const { signal, leave } = entered.value;
  const over = { feed: engine.feed, clock, filter: { task: params.id }, ms: limits.waitMs, signal };
  const moved = await awaitChange(over, async () => {
    const found = await engine.query.task(by, params.id);
    return found.refusal !== undefined || found.value.task.attempt > 0 || isEnded(found.value.task.state) ? true : null;
  }).finally(leave);
  return moved === null ? { status: 204, headers: logHeaders(0, 0) } : readLog(context, request);
}

function followed({ engine, life }: ApiContext, request: LogRequest, at: LogPlace, length: number): Answer {
  const entered = life.enter(request.signal, standsOn(request));
  if (entered.refusal !== undefined) return refused(entered.refusal);
  const { signal, leave } = entered.value;
  const bytes = engine.logs.follow(request.by, at, request.query.start ?? 0, signal);
  const stream = Readable.from(bytes, { objectMode: false });
  stream.once('close', leave);
  return { status: 200, headers: logHeaders(length, at.attempt), body: stream };
}

async function ranged({ engine }: ApiContext, request: LogRequest, at: LogPlace, length: number): Promise<Answer> {
  const range = byteRange(request.headers.range, length);
  const headers = logHeaders(length, at.attempt);
  if (range === null) {
    return { status: 200, headers, body: Readable.from(readWholeLog(engine.logs, request.by, at, length)) };
  }
  const none: Answer = { status: 416, headers: { ...headers, 'content-range': noRange(length) } };
  if (range === 'unsatisfiable') return none;
  const end = Math.min(range.end, range.start + mostOfRange - 1);
  const read = await engine.logs.read(request.by, at, { start: range.start, end: end + 1 });
  if (read.refusal !== undefined) return refused(read.refusal);
  const [first] = read.value.parts;
  // What fell out of the cap cannot be sent, and nothing stands in for it here.
  if (first === undefined || first.offset !== range.start) return none;
  const sent = { start: range.start, end: range.start + first.bytes.length - 1 };
  return { status: 206, headers: { ...headers, 'content-range': contentRange(sent, length) }, body: Buffer.from(first.bytes) };
}
