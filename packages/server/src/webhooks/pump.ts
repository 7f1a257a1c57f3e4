import type { Change } from '../domain/change.ts';
import type { JobId, Millis } from '../domain/ids.ts';
import type { Principal } from '../domain/principal.ts';
import type { Engine } from '../engine/engine.ts';
import type { Random, Timer } from '../ports/clock.ts';
import { type DeliverDeps, deliver, delivered } from './deliver.ts';
import { matching } from './matching.ts';
import { type Delivery, deliveriesKept, type KeptWebhook, type WebhookState } from './record.ts';
import type { WebhookBook } from './webhook-book.ts';

export interface PumpDeps extends DeliverDeps {
  readonly engine: Pick<Engine, 'feed' | 'query'>;
  readonly random: Pick<Random, 'dice'>;
  /** Who this is now; null: gone, disabled, expired. */
  readonly principal: (id: string) => Promise<Principal | null>;
  readonly labelsOf: (job: JobId) => Promise<Readonly<Record<string, string>> | null>;
  /** Waits for one of the places for deliveries; the answer gives it back. */
  readonly place: () => Promise<() => void>;
  info(fields: Readonly<Record<string, unknown>>, event: string): void;
  failed(where: string, cause: unknown): void;
}

/** What happens within this time goes in one delivery. */
const gatherMs = 100;
const mostEvents = 100;
const firstWaitMs = 5_000;
const longestWaitMs = 3_600_000;
const restMs = 30_000;
const giveUpMs = 12 * 3_600_000;
/** A place that moved without a delivery is written down this often. */
const keepPlaceMs = 600_000;

/**
 * One webhook's way along the feed: the feed is its queue, nothing is piled up in memory but one page. The place is written down
 * after the delivery: killed in between, the same events are sent again, with the same numbers.
 */
export class Pump {
  readonly #deps: PumpDeps;
  readonly #book: WebhookBook;
  readonly #id: number;
  readonly #stop = new AbortController();
  /** How far was looked; at least the stored place. */
  #seen: number;
  #timer: Timer | null = null;
  #keepTimer: Timer | null = null;
  #work: Promise<void> | null = null;

  constructor(deps: PumpDeps, book: WebhookBook, webhook: KeptWebhook) {
    this.#deps = deps;
    this.#book = book;
    this.#id = webhook.id;
    this.#seen = webhook.state.cursor;
  }

  /** There may be something to do: soon, with what else comes meanwhile. */
  wake(): void {
    const webhook = this.#book.all.get(this.#id);
    if (this.#timer !== null || this.#work !== null || this.#stop.signal.aborted) return;
    if (webhook === undefined || webhook.state.paused !== null) return;
    const { nextAt } = webhook.state;
    // Never longer than the longest wait, whatever was done to the wall clock.
    const wait = nextAt === null ? gatherMs : Math.min(longestWaitMs, Math.max(gatherMs, nextAt - this.#deps.clock.now()));
    this.#timer = this.#deps.clock.after(wait, () => this.#begin());
  }

  /** Paused, resumed, or to be tried at once. */
  changed(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.wake();
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('the server is stopping'));
    this.#timer?.cancel();
    await this.#work;
    this.#keepTimer?.cancel();
    await this.#keepPlace();
  }

  #begin(): void {
    this.#timer = null;
    this.#work = this.#run()
      .catch((cause: unknown) => this.#broken(cause))
      .finally(() => {
        this.#work = null;
        if (this.#more()) this.wake();
      });
  }

  /** A store that fails just now is not asked ten times a second. */
  #broken(cause: unknown): void {
    this.#deps.failed(`webhook ${this.#id}`, cause);
    if (!this.#stop.signal.aborted) this.#timer = this.#deps.clock.after(restMs, () => this.#begin());
  }

  #more(): boolean {
    const state = this.#book.all.get(this.#id)?.state;
    return state !== undefined && (state.nextAt !== null || this.#seen < this.#deps.engine.feed.newest);
  }

  /** Until it is where the feed is, or something fails. */
  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const webhook = this.#book.all.get(this.#id);
      if (webhook === undefined || webhook.state.paused !== null) return;
      const by = await this.#deps.principal(webhook.by);
      if (by === null) {
        await this.#pause(`Its owner ${webhook.by} is gone, disabled or expired`);
        return;
      }
      if (!(await this.#step(webhook, by))) return;
    }
  }

  /** False: there is nothing more to do now. */
  async #step(webhook: KeptWebhook, by: Principal): Promise<boolean> {
    const { feed } = this.#deps.engine;
    const filter = webhook.kinds.length === 0 ? {} : { kinds: webhook.kinds };
    const page = await feed.read(by, filter, this.#seen);
    if ('reset' in page) return this.#skipTo(page.reset);
    const events = await matching(webhook, page.changes, this.#deps.labelsOf);
    if (events.length === 0) {
      const more = page.upTo > this.#seen;
      this.#seen = page.upTo;
      if (more) this.#keepSoon();
      return more;
    }
    const part = events.slice(0, mostEvents);
    const upTo = part.length < events.length ? (part.at(-1)?.number ?? page.upTo) : page.upTo;
    return this.#deliver(webhook, part, upTo);
  }

  async #deliver(webhook: KeptWebhook, events: readonly Change[], upTo: number): Promise<boolean> {
    const free = await this.#deps.place();
    const delivery = await deliver(this.#deps, webhook, events, this.#stop.signal).finally(free);
    // Ended by us: it has been neither delivered nor refused.
    if (this.#stop.signal.aborted && !delivered(delivery)) return false;
    if (!delivered(delivery)) return this.#failed(delivery);
    this.#seen = upTo;
    await this.#book.change(this.#id, (state) => ({
      ...withDelivery(state, delivery),
      ...{ cursor: upTo, failures: 0, failingSince: null, nextAt: null, lost: null },
    }));
    return true;
  }

  async #failed(delivery: Delivery): Promise<false> {
    const { clock, random, info } = this.#deps;
    const now = clock.now();
    const kept = await this.#book.change(this.#id, (state) => {
      const failingSince = state.failingSince ?? now;
      const failed = { ...withDelivery(state, delivery), failures: state.failures + 1, failingSince };
      const why = givesUp(delivery, failingSince, now);
      if (why !== null) return { ...failed, nextAt: null, paused: state.paused ?? { at: now, text: why } };
      return { ...failed, nextAt: now + waitAfter(failed.failures, random.dice()) };
    });
    const { status, error } = delivery;
    if (kept !== null) info({ webhook: this.#id, status, error, failures: kept.state.failures }, 'webhook:failed');
    if (kept !== null && kept.state.paused !== null) info({ webhook: this.#id, why: kept.state.paused.text }, 'webhook:paused');
    return false;
  }

  /** What stood in between is no longer kept: it is said with the next delivery. */
  async #skipTo(number: number): Promise<boolean> {
    const after = this.#seen;
    this.#seen = number;
    const lost = { after, upTo: number };
    await this.#book.change(this.#id, (state) => ({
      ...state,
      cursor: number,
      lost: number < after ? state.lost : { after: state.lost?.after ?? lost.after, upTo: number },
    }));
    this.#deps.info({ webhook: this.#id, ...lost }, 'webhook:lost');
    return true;
  }

  async #pause(text: string): Promise<void> {
    const paused = { at: this.#deps.clock.now(), text };
    await this.#book.change(this.#id, (state) => ({ ...state, nextAt: null, paused: state.paused ?? paused }));
    this.#deps.info({ webhook: this.#id, why: text }, 'webhook:paused');
  }

  #keepSoon(): void {
    this.#keepTimer ??= this.#deps.clock.after(keepPlaceMs, () => {
      this.#keepTimer = null;
      this.#keepPlace().catch((cause: unknown) => this.#deps.failed(`webhook ${this.#id}`, cause));
    });
  }

  async #keepPlace(): Promise<void> {
    const kept = this.#book.all.get(this.#id);
    if (kept === undefined || kept.state.cursor >= this.#seen) return;
    await this.#book.change(this.#id, (state) => ({ ...state, cursor: Math.max(state.cursor, this.#seen) }));
  }
}

export const withDelivery = (state: WebhookState, delivery: Delivery): WebhookState => ({
  ...state,
  log: [delivery, ...state.log].slice(0, deliveriesKept),
});

/** Doubled each time, up to an hour; half of it by the dice, lest all come back at once. */
export function waitAfter(failures: number, dice: number): number {
  const full = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(30, failures - 1));
  return Math.round(full * (0.5 + dice / 2));
}

/** Why it is not tried any more; null: it is. */
function givesUp({ status, error }: Delivery, since: Millis, now: Millis): string | null {
  if (status === 410) return 'The receiver said that it is gone (410)';
  if (now - since < giveUpMs) return null;
  return `It failed for ${giveUpMs / 3_600_000} hours, at last with ${error ?? `status ${status}`}`;
}
