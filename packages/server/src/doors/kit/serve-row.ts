import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { type Refusal, type Result, refuse } from '../../domain/errors.ts';
import { may, type Principal } from '../../domain/principal.ts';
import type { Clock } from '../../ports/clock.ts';
import { corsAllows } from './cors.ts';
import { type HostRule, hostAllowed, originAllowed } from './host-check.ts';
import type { Answer, HttpDialect, HttpRow } from './http-row.ts';
import { bodyCheck, textInput } from './input.ts';
import type { KitLimits } from './limits.ts';
import { discardRest, hasBody, invite, parseBody, readBytes, tooLong } from './read-body.ts';
import { Asked } from './row-request.ts';
import { sendAnswer } from './send-answer.ts';
import type { Traffic } from './traffic.ts';

export interface RowDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: KitLimits;
  readonly hosts: HostRule;
  /** Every JSON answer is checked against its row's schema; a mismatch is a bug and answered as one. For tests. */
  readonly checkAnswers?: boolean;
  /** True while closing: connections are not kept open any more. */
  readonly closing: () => boolean;
  /** Counts requests, refusals and bytes per door. */
  readonly traffic?: Traffic;
  /** Somebody known asked to change something that his rights do not allow. */
  readonly forbidden?: Forbidden;
}

/** `what`: method and pattern of the address, `DELETE /v1/tokens/:id`. */
export type Forbidden = (by: Principal, what: string) => void;

/** A request that took longer than this is worth a log line. */
const slowMs = 2_000;

type Step = (asked: Asked, request: FastifyRequest, reply: FastifyReply) => Promise<Refusal | null> | Refusal | null;

/** Makes the handler of one row. The order of every request is the list of steps. */
export function serveRow(row: HttpRow, dialect: HttpDialect, deps: RowDeps, door = '') {
  const steps: readonly Step[] = [
    limits(row, deps),
    authenticate(row, dialect, deps),
    ...(row.params === undefined ? [] : [texts('params', textInput(row.params, 'The address'))]),
    ...(row.query === undefined ? [] : [texts('query', textInput(row.query, 'The query'))]),
    ...(row.target === undefined ? [] : [target(row)]),
    ...(row.parser === 'none' ? [] : [body(row, deps)]),
  ];
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const began = deps.clock.monotonic();
    deps.traffic?.uses(request.raw.socket, door);
    const asked = new Asked(request.raw, reply.raw, request.params as Asked['params'], request.query as Asked['query']);
    const answer = await answerOf(row, dialect, deps, steps, asked, request, reply);
    deps.traffic?.answered(door, answer.status);
    const took = deps.clock.monotonic() - began;
    if (took > slowMs && row.lasting !== true) deps.log.warn({ event: 'http.slow', row: `${row.method} ${row.path}`, ms: took });
    return sendAnswer(answer, row, asked, reply, deps);
  };
}

async function answerOf(
  row: HttpRow,
  dialect: HttpDialect,
  deps: RowDeps,
  steps: readonly Step[],
  asked: Asked,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Answer> {
  const refused = (refusal: Refusal): Answer => dialect.spelling.refusal(refusal, { path: request.url });
  try {
    for (const step of steps) {
      const said = step(asked, request, reply);
      const refusal = said instanceof Promise ? await said : said;
      if (refusal !== null) return refused(refusal);
    }
    return await row.handle(asked);
  } catch (error) {
    // A peer that hung up in the middle is no fault of ours, and nobody reads the answer.
    const gone = request.raw.errored !== null || request.raw.destroyed;
    deps.log[gone ? 'debug' : 'error']({ event: 'http.failed', row: `${row.method} ${row.path}`, err: error });
    return refused({ code: 'internal', detail: 'Something went wrong here; the log of the server says what' });
  } finally {
    const usual = { bytes: deps.limits.discardBytes, ms: deps.limits.goodByeMs };
    discardRest(request.raw, deps.clock, row.discard ?? usual);
  }
}

function limits(row: HttpRow, deps: RowDeps): Step {
  const changes = row.method !== 'GET';
  return (_asked, { raw }) => {
    const { host, origin } = raw.headers;
    if (!hostAllowed(deps.hosts, host)) {
      return foreign(`This server does not answer to the name ${host}: add it with --public-host if it is its own`);
    }
    if (changes && !originAllowed(deps.hosts, origin, host) && !corsAllows(row.cors, origin ?? '')) {
      return foreign(`Pages of ${origin} may not change anything here: add it with --allowed-origin if they should`);
    }
    return tooLong(raw, row.parser === 'none' ? Number.MAX_SAFE_INTEGER : row.bodyLimit);
  };
}

const foreign = (detail: string): Refusal => ({ code: 'foreign_origin', detail });

function authenticate(row: HttpRow, dialect: HttpDialect, { forbidden }: RowDeps): Step {
  return async (asked) => {
    const who = await dialect.authenticate(asked, row);
    if (who.refusal !== undefined) return who.refusal;
    asked.by = who.value;
    if (row.right === null || may(who.value, row.right)) return null;
    if (row.method !== 'GET') forbidden?.(who.value, `${row.method} ${row.path}`);
    return { code: 'forbidden', detail: `This needs the right ${row.right}, which ${who.value.name} does not have` };
  };
}

function texts(part: 'params' | 'query', read: (given: Asked['query']) => Result<Asked['query']>): Step {
  return (asked) => {
    const result = read(asked[part]);
    if (result.refusal !== undefined) return result.refusal;
    asked[part] = result.value;
    return null;
  };
}

function target(row: HttpRow): Step {
  return async (asked) => {
    const found = await row.target?.(asked);
    if (found?.refusal !== undefined) return found.refusal;
    asked.target = found?.value;
    return null;
  };
}

function body(row: HttpRow, deps: RowDeps): Step {
  const check = row.body === undefined ? () => null : bodyCheck(row.body);
  const reading = { bodyLimit: row.bodyLimit, idleMs: deps.limits.bodyIdleMs };
  return async (asked, { raw }, reply) => {
    invite(raw, reply.raw);
    if (row.parser === 'stream') {
      asked.stream = guarded(raw, reading.idleMs);
      return null;
    }
    const encoding = raw.headers['content-encoding'] ?? 'identity';
    if (row.parser !== 'bytes' && encoding !== 'identity') {
      return { code: 'malformed', detail: `Bodies are read as they are; send this one without Content-Encoding: ${encoding}` };
    }
    const bytes = hasBody(raw) ? await readBytes(raw, deps.clock, reading) : noBytes;
    if (bytes.refusal !== undefined) return bytes.refusal;
    const parsed = parseBody(row.parser, bytes.value);
    if (parsed.refusal !== undefined) return parsed.refusal;
    asked.body = parsed.value;
    return check(parsed.value);
  };
}

const noBytes: Result<Buffer> = { value: Buffer.alloc(0) };

/** A stream that stops coming ends its connection; `readBytes` has a word for it, here the answer may be under way. */
function guarded(raw: FastifyRequest['raw'], idleMs: number): FastifyRequest['raw'] {
  raw.socket.setTimeout(idleMs);
  raw.once('end', () => raw.socket.setTimeout(0));
  return raw;
}

/** For addresses that exist, asked with a method that they do not have. */
export function methodRefusal(method: string, allowed: readonly string[]): Refusal {
  return refuse('method', `${method} is not possible here, only ${allowed.join(', ')}`).refusal;
}
