import { ServerUnreachable } from '@switchyard/sdk/client/errors.ts';
import { say } from './output.ts';

const firstMs = 250;
const mostMs = 5_000;

/**
 * Asks again while the server is away (it is being restarted: nothing acknowledged is lost), up to `forMs`. Says so once.
 */
export async function patiently<T>(ask: () => Promise<T>, forMs: number, signal?: AbortSignal): Promise<T> {
  const until = performance.now() + forMs;
  for (let wait = firstMs, told = false; ; wait = Math.min(wait * 2, mostMs)) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ServerUnreachable) || signal?.aborted === true || performance.now() > until) throw error;
      if (!told) say(`switchyard: ${error.message}; waiting for the server to come back`);
      told = true;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

/** How long `run`, `wait` and `logs -f` sit out a restart. */
export const restartMs = 10 * 60_000;
