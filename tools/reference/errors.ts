import { errors, type RetryAdvice } from '../../packages/server/src/domain/errors.ts';
import { code, page, table } from './page.ts';

const advice: Readonly<Record<RetryAdvice, string>> = {
  never: 'do not repeat it: the same request fails again',
  later: 'repeat it later, it may succeed',
  fresh: 'read anew first, then decide',
};

export function errorsPage(): string {
  const rows = Object.entries(errors).map(([name, { status, title, retry }]) => [code(name), String(status), title, retry]);
  return page(
    'Errors',
    'packages/server/src/domain/errors.ts',
    'Every refusal is answered as `application/problem+json` with one of these codes. `detail` says in one sentence what was wrong and what to do.',
    table(['code', 'status', 'meaning', 'retry'], rows),
    'What a client should do:',
    table(['retry', 'advice'], Object.entries(advice)),
  );
}
