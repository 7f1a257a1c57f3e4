import { ApiError } from '@switchyard/sdk/client/errors.ts';

/** What went wrong, in the server's own sentence. */
export function ProblemBox({ error, again }: { error: unknown; again?: (() => void) | undefined }) {
  const text = error instanceof Error ? error.message : String(error);
  return (
    <div className="problem" role="alert">
      <span>{text}</span>
      {error instanceof ApiError && <code className="dim">{error.code}</code>}
      {again !== undefined && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}
