import type { Principal } from '../../../domain/principal.ts';
import type { Desk } from '../desk.ts';
import type { ToClient } from '../messages.ts';

/** What a request is answered with. Long answers are text in pieces, so that none is ever held whole. */
export type Reply =
  | { readonly message: ToClient /** Called when it was handed over. */; readonly after?: () => void }
  | { readonly pieces: AsyncIterable<string> };

/** What the handler of a request is given. */
export interface Asking {
  readonly desk: Desk;
  readonly by: Principal;
  /** Tells the client whenever the job moves, until it is over (kueue §5, `ObserveJob`). Replaces an earlier one. */
  observe(observation: { start(send: (message: ToClient) => void): void; stop(): void }): void;
}

export const answer = (message: ToClient): Reply => ({ message });

/** The only refusal that the real client prints (kueue §5). */
export function response(success: boolean, text: string): Reply {
  return answer({ name: 'RequestResponse', body: { success, text } });
}

/** A number beyond 2^53 came in rounded: it is not repeated. */
const shown = (id: number): string => (Number.isSafeInteger(id) ? String(id) : 'with such a number');

export const noJob = (id: number): Reply => response(false, `no job ${shown(id)}`);
export const noWorker = (id: number): Reply => response(false, `no worker ${shown(id)}`);
