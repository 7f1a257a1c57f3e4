import type { Problem } from '../problem.ts';

/** The server answered with a refusal. `problem.code` is from its error table; `problem.detail` is a sentence for people. */
export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail === '' ? problem.title : problem.detail);
    this.name = 'ApiError';
    this.problem = problem;
  }

  get status(): number {
    return this.problem.status;
  }

  get code(): string {
    return this.problem.code;
  }
}

/** No answer at all: nobody listens there, the name is unknown, or the connection broke. `cause` has the system's error. */
export class ServerUnreachable extends Error {
  readonly server: string;

  constructor(server: string, cause: unknown) {
    super(`No answer from ${server}: ${causeText(cause)}`, { cause });
    this.name = 'ServerUnreachable';
    this.server = server;
  }
}

/** `fetch` hides what happened in `cause`, sometimes twice and sometimes as a list (both address families). */
function causeText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError && error.errors.length > 0) return causeText(error.errors[0]);
  return error.cause instanceof Error ? causeText(error.cause) : error.message;
}

/** What stands in for a problem document when something other than our server answered. */
export function strangeAnswer(status: number, text: string): Problem {
  const detail = `The answer (status ${status}) is not one of a Switchyard server: ${text.slice(0, 200)}`;
  return { type: 'about:blank', title: 'Unexpected answer', status, code: 'internal', detail, retry: 'never' };
}
