import { compileCheck } from '@switchyard/sdk/check.ts';
import { JobRequest } from '@switchyard/sdk/job.ts';
import Type, { type Static, type TSchema } from 'typebox';
import { changeKinds } from '../../../domain/change.ts';
import { type Result, refuse } from '../../../domain/errors.ts';

/** `id`: anything that the client wants to find in the answer. */
const Id = { id: Type.Optional(Type.Union([Type.String({ maxLength: 200 }), Type.Number()])) };
const Number_ = Type.Integer({ minimum: 1 });
const closed = { additionalProperties: false } as const;

/** What a subscriber may send to the service `switchyard`, by `type`. */
export const requests = {
  AUTH: Type.Object({ type: Type.Literal('AUTH'), ...Id, token: Type.String({ maxLength: 500 }) }, closed),
  WATCH: Type.Object(
    {
      type: Type.Literal('WATCH'),
      ...Id,
      job: Type.Optional(Number_),
      task: Type.Optional(Number_),
      worker: Type.Optional(Number_),
      kinds: Type.Optional(Type.Array(Type.Enum(Object.keys(changeKinds)), { maxItems: 20 })),
      since: Type.Optional(Type.Integer({ minimum: 0 })),
    },
    closed,
  ),
  UNWATCH: Type.Object({ type: Type.Literal('UNWATCH'), ...Id }, closed),
  SUBMIT: Type.Object({ type: Type.Literal('SUBMIT'), ...Id, request: JobRequest }, closed),
  CANCEL: Type.Object({ type: Type.Literal('CANCEL'), ...Id, job: Number_, kill: Type.Optional(Type.Boolean()) }, closed),
} as const satisfies Readonly<Record<string, TSchema>>;

export type RequestType = keyof typeof requests;
export type Request<N extends RequestType = RequestType> = Static<(typeof requests)[N]>;

const checks = new Map(Object.entries(requests).map(([type, schema]) => [type, compileCheck(schema)]));

export function readRequest(data: string): Result<Request> {
  const value = JSON.parse(data) as { readonly type?: unknown } | null;
  const type = typeof value === 'object' && value !== null ? value.type : undefined;
  const check = typeof type === 'string' ? checks.get(type) : undefined;
  if (check === undefined) return refuse('unsupported', `type must be one of ${[...checks.keys()].join(', ')}`, '/type');
  const fault = check(value);
  if (fault === null) return { value: value as Request };
  return refuse(fault.unknown ? 'unknown_field' : 'malformed', `${fault.at} ${fault.text}`, fault.at);
}
