import { hash } from 'node:crypto';
import type { Answer } from '../kit/http-row.ts';
import type { UpdateBody } from './update-body.ts';

/**
 * Delivery is at least once (flamenco §3): a worker that got no answer within 3 s sends the same update again, while the first may
 * still be under way. Both get the same answer, and the log is appended once (flamenco §8 B4).
 */
export class RecentUpdates {
  readonly #most: number;
  readonly #answers = new Map<string, Promise<Answer>>();
  #tail: Promise<unknown> = Promise.resolve();

  constructor(most: number) {
    this.#most = most;
  }

  /** Nothing has been taken since the server began: what was taken before is not known. */
  get isEmpty(): boolean {
    return this.#answers.size === 0;
  }

  /** Takes it, after those that came before, unless it has been taken. One that was not answered with 2xx is taken again. */
  once(digest: string | null, take: () => Promise<Answer>): Promise<Answer> {
    const known = digest === null ? undefined : this.#answers.get(digest);
    if (known !== undefined) return known;
    const answer = this.#tail.then(take);
    this.#tail = answer.catch(() => {});
    if (digest === null) return answer;
    this.#answers.set(digest, answer);
    const forget = (): void => void this.#answers.delete(digest);
    answer.then(({ status }) => {
      if (status >= 300) forget();
    }, forget);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > this.#most && oldest !== undefined) this.#answers.delete(oldest);
    return answer;
  }
}

export function digestOf(task: number, { head, tail, missing }: UpdateBody): string {
  const bytes = tail.length === 0 ? head : Buffer.concat([head, tail]);
  return `${task} ${missing} ${hash('sha1', bytes, 'base64')}`;
}
