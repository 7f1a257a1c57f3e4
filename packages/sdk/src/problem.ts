import Type, { type Static } from 'typebox';

/** `application/problem+json` (RFC 9457) with our error code; `GET /docs/errors` lists the codes. */
export const Problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  code: Type.String(),
  detail: Type.String(),
  /** Where in the request, as a JSON pointer, or the path of names of a cycle. */
  at: Type.Optional(Type.String()),
  retry: Type.String(),
});
export type Problem = Static<typeof Problem>;
