import { compileCheck } from '@switchyard/sdk/check.ts';
import Type, { type Static } from 'typebox';
import { type Result, refuse } from '../../domain/errors.ts';

/** Of the foreign wire: 32 bits, without a sign. */
const uintMax = 4_294_967_295;
const text = (maxLength: number) => Type.String({ maxLength });

/** What clients may say (dnaforge §2 and §6.2); unknown fields are left alone. */
export const WebSocketAuth = Type.Object({
  type: Type.Literal('WebSocketAuth'),
  bearerToken: text(1_000),
  /** 0 and `document` ask for an older language (dnaforge §6.4). */
  protocol: Type.Optional(Type.Union([Type.Literal(0), Type.Literal('document')])),
});
export type WebSocketAuth = Static<typeof WebSocketAuth>;

/** `metadata` is missing in the older form. The stages are read by the kind of job (`kinds/oxdna`). */
export const JobNew = Type.Object({
  metadata: Type.Optional(Type.Record(text(200), text(10_000), { maxProperties: 64 })),
  configs: Type.Array(Type.Unknown(), { maxItems: 100 }),
  top: Type.String(),
  dat: Type.String(),
  forces: Type.String(),
});
export type JobNew = Static<typeof JobNew>;

const JobId = Type.Integer({ minimum: 0, maximum: uintMax });
export const JobTarget = Type.Object({ jobId: JobId });
export type JobTarget = Static<typeof JobTarget>;
export const JobChoice = Type.Object({ jobId: Type.Optional(Type.Union([JobId, Type.Null()])) });
export type JobChoice = Static<typeof JobChoice>;

const checkJobNew = compileCheck(JobNew);

export function readJobNew(given: unknown): Result<JobNew> {
  const fault = checkJobNew(given);
  if (fault === null) {
    const asked = given as JobNew;
    return asked.configs.length > 0 ? { value: asked } : refuse('invalid', 'A simulation needs at least one stage', '/configs');
  }
  return refuse('malformed', fault.at === '' ? `The job ${fault.text}` : `${fault.at.slice(1)} ${fault.text}`, fault.at);
}

const id = /^(0|[1-9][0-9]{0,9})$/;

/** A job's number in an address: decimal, in 32 bits; null: no such job can be. */
export function readId(given: unknown): number | null {
  if (typeof given !== 'string' || !id.test(given)) return null;
  const value = Number(given);
  return value <= uintMax ? value : null;
}
