import { ApiError } from '@switchyard/sdk/client/errors.ts';

/** The problem that a call is refused with. */
export async function refusal(call: Promise<unknown>): Promise<ApiError['problem']> {
  const error = await call.then(
    () => null,
    (cause: unknown) => cause,
  );
  if (!(error instanceof ApiError)) throw new Error(`not refused: ${String(error)}`);
  return error.problem;
}
