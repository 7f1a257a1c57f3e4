import type { Change } from '../domain/change.ts';
import type { Millis } from '../domain/ids.ts';
import type { Clock } from '../ports/clock.ts';
import { type Posting, post } from './post.ts';
import { type Delivery, type KeptWebhook, secretName } from './record.ts';
import { signatureHeader, signatureOf } from './signature.ts';
import { addressOf, type Resolve } from './targets.ts';

export interface DeliverDeps {
  readonly clock: Clock;
  readonly resolve: Resolve;
  readonly allowPrivate: boolean;
  /** For `User-Agent`. */
  readonly version: string;
  readonly ca?: string;
  readonly secrets: { get(name: string): Promise<string | null> };
}

const patienceMs = 10_000;
export const testKind = 'webhook.test';

/** One attempt: signs, sends, waits for the answer. Never rejects. */
export async function deliver(
  deps: DeliverDeps,
  webhook: KeptWebhook,
  events: readonly Change[],
  signal: AbortSignal,
  test = false,
): Promise<Delivery> {
  const { clock } = deps;
  const at = clock.now();
  const begun = clock.monotonic();
  const facts = { at, events: events.length, first: events[0]?.number ?? null, last: events.at(-1)?.number ?? null, test };
  try {
    const status = await send(deps, webhook, bodyOf(webhook, events, at, test), signal);
    const error = status >= 200 && status < 300 ? null : status >= 300 && status < 400 ? 'redirects are not followed' : null;
    return { ...facts, status, ms: Math.round(clock.monotonic() - begun), error };
  } catch (cause) {
    return { ...facts, status: null, ms: Math.round(clock.monotonic() - begun), error: textOf(cause) };
  }
}

export const delivered = ({ status }: Delivery): boolean => status !== null && status >= 200 && status < 300;

async function send(deps: DeliverDeps, webhook: KeptWebhook, body: string, signal: AbortSignal): Promise<number> {
  const { clock, secrets, resolve, allowPrivate, version, ca } = deps;
  const patience = new AbortController();
  const timer = clock.after(patienceMs, () => patience.abort(new Error(`no answer within ${patienceMs / 1_000} s`)));
  const both = AbortSignal.any([signal, patience.signal]);
  try {
    const url = new URL(webhook.url);
    const secret = await secrets.get(secretName(webhook.id));
    if (secret === null) throw new Error('its secret is gone: make a new one');
    const address = await orAbort(addressOf(url, resolve, allowPrivate), both);
    if (address.refusal !== undefined) throw new Error(address.refusal.detail);
    const headers = {
      'content-type': 'application/json',
      'user-agent': `Switchyard/${version}`,
      'switchyard-webhook': String(webhook.id),
      [signatureHeader]: signatureOf(secret, Math.floor(clock.now() / 1_000), body),
    };
    const posting: Posting = { url, address: address.value, headers, body, signal: both };
    return await post(ca === undefined ? posting : { ...posting, ca });
  } catch (cause) {
    throw patience.signal.aborted ? patience.signal.reason : cause;
  } finally {
    timer.cancel();
  }
}

/** A question to a name server cannot be taken back; nobody waits for its answer any more. */
function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason as Error);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  return Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', abort));
}

const time = (at: Millis): string => new Date(at).toISOString();

function bodyOf({ id, state }: KeptWebhook, events: readonly Change[], at: Millis, test: boolean): string {
  const lost = state.lost === null || test ? '' : `"lost":${JSON.stringify(state.lost)},`;
  const texts = test ? [testEvent(at)] : events.map(eventText);
  return `{"webhook":${id},"sentAt":"${time(at)}",${lost}"events":[${texts.join(',')}]}`;
}

const testEvent = (at: Millis): string =>
  JSON.stringify({ number: 0, at: time(at), kind: testKind, job: null, task: null, worker: null, data: {} });

/** As in `GET /v1/changes`; the data passes as the text that it is. */
function eventText({ number, at, kind, job, task, worker, json }: Change): string {
  const head = JSON.stringify({ number, at: time(at), kind, job, task, worker });
  return `${head.slice(0, -1)},"data":${json}}`;
}

function textOf(cause: unknown): string {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  const { code } = error as NodeJS.ErrnoException;
  return (error.message === '' ? (code ?? error.name) : error.message).slice(0, 300);
}
