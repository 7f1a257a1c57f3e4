import type { Result } from '../domain/errors.ts';

/** Why the server does not start, for people: says what to do. */
export class StartRefused extends Error {
  constructor(text: string, cause?: unknown) {
    super(text, { cause });
    this.name = 'StartRefused';
  }
}

/** The value of a result, or a start that is refused with its sentence. */
export function orRefuse<T>(result: Result<T>): T {
  if (result.refusal !== undefined) throw new StartRefused(result.refusal.detail);
  return result.value;
}
