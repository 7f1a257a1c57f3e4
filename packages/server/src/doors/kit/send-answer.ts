import { Readable } from 'node:stream';
import { compileCheck, type Fault } from '@switchyard/sdk/check.ts';
import type { FastifyReply } from 'fastify';
import type { TSchema } from 'typebox';
import { corsHeaders } from './cors.ts';
import type { Answer, HttpRow } from './http-row.ts';
import { RawJson } from './raw-json.ts';
import type { Asked } from './row-request.ts';
import type { RowDeps } from './serve-row.ts';

const json = 'application/json; charset=utf-8';
const plain = 'text/plain; charset=utf-8';

/** Puts an answer on the wire: status, reason phrase, headers, body; nothing of the body for HEAD. */
export function sendAnswer(
  answer: Answer,
  row: Pick<HttpRow, 'cors' | 'answers' | 'path'> | null,
  asked: Pick<Asked, 'headers' | 'head'>,
  reply: FastifyReply,
  deps: Pick<RowDeps, 'checkAnswers' | 'closing'>,
): FastifyReply {
  const { body } = answer;
  if (deps.checkAnswers === true && row !== null) checkAnswer(answer, row);
  reply.code(answer.status);
  if (answer.phrase !== undefined) reply.raw.statusMessage = answer.phrase;
  reply.header('x-content-type-options', 'nosniff');
  const { origin } = asked.headers;
  if (origin !== undefined && row?.cors != null) reply.headers(corsHeaders(row.cors, origin));
  if (deps.closing()) reply.header('connection', 'close');
  if (answer.headers !== undefined) reply.headers(answer.headers);
  if (asked.head) return sendHead(body, reply);
  if (body === undefined || body === null) return reply.send();
  if (typeof body === 'string' || body instanceof Uint8Array || body instanceof Readable) return sendAsItIs(body, reply);
  return typed(reply, json).send(textOf(body));
}

function typed(reply: FastifyReply, type: string): FastifyReply {
  return reply.hasHeader('content-type') ? reply : reply.header('content-type', type);
}

function textOf(body: unknown): string {
  return body instanceof RawJson ? body.text : JSON.stringify(body);
}

function sendAsItIs(body: string | Uint8Array | Readable, reply: FastifyReply): FastifyReply {
  return typed(reply, typeof body === 'string' ? plain : 'application/octet-stream').send(body);
}

function sendHead(body: unknown, reply: FastifyReply): FastifyReply {
  if (body instanceof Readable) body.destroy();
  else if (body !== undefined && body !== null && !reply.hasHeader('content-length')) {
    const bytes = body instanceof Uint8Array ? body : Buffer.from(typeof body === 'string' ? body : textOf(body));
    typed(reply, typeof body === 'string' ? plain : json).header('content-length', bytes.length);
  }
  return reply.send();
}

const compiled = new WeakMap<TSchema, (value: unknown) => Fault | null>();

/** An answer that is not what the row promises is a bug of ours: thrown, so that no test passes over it. */
function checkAnswer(answer: Answer, row: Pick<HttpRow, 'answers' | 'path'>): void {
  const schema = row.answers?.[answer.status];
  if (schema === undefined || schema === null) return;
  const check = compiled.get(schema) ?? compileCheck(schema);
  compiled.set(schema, check);
  const value: unknown = JSON.parse(textOf(answer.body));
  const fault = check(value);
  if (fault !== null) throw new Error(`answer ${answer.status} of ${row.path} is not as promised: ${fault.at} ${fault.text}`);
}
