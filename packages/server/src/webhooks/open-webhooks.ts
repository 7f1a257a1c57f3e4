import type { WebhookRequest } from '@switchyard/sdk/webhook.ts';
import { type ChangeKind, changeKinds } from '../domain/change.ts';
import { type Result, refuse } from '../domain/errors.ts';
import { may, type Principal, reaches } from '../domain/principal.ts';
import type { Random } from '../ports/clock.ts';
import type { Records } from '../ports/records.ts';
import { deliver } from './deliver.ts';
import { createLabels } from './matching.ts';
import { createPlaces } from './places.ts';
import { Pump, type PumpDeps, withDelivery } from './pump.ts';
import { type Delivery, type KeptWebhook, newState, secretName, type WebhookState } from './record.ts';
import { refusalOfUrl } from './targets.ts';
import { WebhookBook } from './webhook-book.ts';

/** Changes sent to where somebody wants them. Everybody sees and steers his own; with scope `all`, everybody's. */
export interface Webhooks {
  list(by: Principal): readonly KeptWebhook[];
  get(by: Principal, id: number): Result<KeptWebhook>;
  /** The secret is shown this once. */
  add(by: Principal, request: WebhookRequest): Promise<Result<{ webhook: KeptWebhook; secret: string }>>;
  pause(by: Principal, id: number): Promise<Result<KeptWebhook>>;
  /** Goes on where it stood. */
  resume(by: Principal, id: number): Promise<Result<KeptWebhook>>;
  test(by: Principal, id: number): Promise<Result<Delivery>>;
  renew(by: Principal, id: number): Promise<Result<string>>;
  remove(by: Principal, id: number): Promise<Result<null>>;
}

export type WebhookAct = 'addWebhook' | 'pauseWebhook' | 'resumeWebhook' | 'renewWebhook' | 'removeWebhook';

export interface WebhooksDeps extends Omit<PumpDeps, 'labelsOf' | 'place' | 'random'> {
  readonly records: Records;
  readonly random: Random;
  readonly secrets: {
    get(name: string): Promise<string | null>;
    set(name: string, secret: string): Promise<void>;
    delete(name: string): Promise<boolean>;
  };
  /** For the audit trail. */
  note(by: Principal, act: WebhookAct, subject: string): void;
}

const mostPerOwner = 20;
const mostOfAll = 500;
const deliveriesAtOnce = 20;
const secretBytes = 32;

export async function openWebhooks(deps: WebhooksDeps): Promise<Webhooks & { close(): Promise<void> }> {
  const { engine, clock, random, secrets, note } = deps;
  const book = await WebhookBook.open(deps.records, engine.feed.newest);
  const pumps = new Map<number, Pump>();
  const testing = new Set<number>();
  const stop = new AbortController();
  const pumpDeps: PumpDeps = { ...deps, labelsOf: createLabels(engine.query), place: createPlaces(deliveriesAtOnce) };
  const begin = (webhook: KeptWebhook): void => {
    const pump = new Pump(pumpDeps, book, webhook);
    pumps.set(webhook.id, pump);
    pump.wake();
  };
  for (const webhook of book.all.values()) begin(webhook);
  const unsubscribe = engine.feed.subscribe({}, () => {
    for (const pump of pumps.values()) pump.wake();
  });

  function get(by: Principal, id: number): Result<KeptWebhook> {
    const found = book.all.get(id);
    return found === undefined || !reaches(by, found.by) ? refuse('not_found', `There is no webhook ${id}`) : { value: found };
  }

  async function change(by: Principal, id: number, act: WebhookAct, to: (state: WebhookState) => WebhookState) {
    const found = get(by, id);
    if (found.refusal !== undefined) return found;
    const kept = await book.change(id, to);
    if (kept === null) return refuse('not_found', `There is no webhook ${id}`);
    note(by, act, `webhook ${id}`);
    pumps.get(id)?.changed();
    return { value: kept };
  }

  async function newSecret(id: number): Promise<string> {
    const secret = `swh_${random.secret(secretBytes)}`;
    await secrets.set(secretName(id), secret);
    return secret;
  }

  return {
    list: (by) => [...book.all.values()].filter((one) => reaches(by, one.by)).sort((a, b) => a.id - b.id),
    get,
    async add(by, request) {
      const wrong = refusalOf(deps, book, by, request);
      if (wrong !== null) return wrong;
      const id = await book.freshId();
      const secret = await newSecret(id);
      const { name, url, kinds = [], states = [], owner = null, label = null } = request;
      const webhook = { name, url, by: by.id, kinds: kinds as ChangeKind[], states, owner, label, createdAt: clock.now() };
      const kept = await book.add(id, webhook, newState(engine.feed.newest));
      note(by, 'addWebhook', `webhook ${id} to ${new URL(url).host}`);
      begin(kept);
      return { value: { webhook: kept, secret } };
    },
    pause: (by, id) =>
      change(by, id, 'pauseWebhook', (state) => ({
        ...state,
        paused: state.paused ?? { at: clock.now(), text: `by ${by.name}` },
      })),
    resume: (by, id) =>
      change(by, id, 'resumeWebhook', (state) => ({ ...state, paused: null, failures: 0, failingSince: null, nextAt: null })),
    async test(by, id) {
      const found = get(by, id);
      if (found.refusal !== undefined) return found;
      if (testing.has(id)) return refuse('too_many', `Webhook ${id} is being tested already`);
      testing.add(id);
      try {
        const delivery = await deliver(deps, found.value, [], stop.signal, true);
        await book.change(id, (state) => withDelivery(state, delivery));
        return { value: delivery };
      } finally {
        testing.delete(id);
      }
    },
    async renew(by, id) {
      const found = get(by, id);
      if (found.refusal !== undefined) return found;
      const secret = await newSecret(id);
      note(by, 'renewWebhook', `webhook ${id}`);
      return { value: secret };
    },
    async remove(by, id) {
      const found = get(by, id);
      if (found.refusal !== undefined) return found;
      await book.remove(id);
      const pump = pumps.get(id);
      pumps.delete(id);
      await pump?.close();
      await secrets.delete(secretName(id));
      note(by, 'removeWebhook', `webhook ${id}`);
      return { value: null };
    },
    async close() {
      unsubscribe();
      stop.abort(new Error('the server is stopping'));
      await Promise.all([...pumps.values()].map((pump) => pump.close()));
    },
  };
}

function refusalOf({ allowPrivate }: WebhooksDeps, book: WebhookBook, by: Principal, request: WebhookRequest) {
  if (!may(by, 'job:control')) return refuse('forbidden', `${by.name} lacks the right job:control`);
  // Strangers may have such an account: the server calls nobody for them, and they take nobody's place here.
  if (by.kinds !== null) return refuse('forbidden', `${by.name} may do ${by.kinds.join(', ')} and nothing else: no webhooks`);
  const stray = request.kinds?.find((kind) => !Object.hasOwn(changeKinds, kind));
  if (stray !== undefined) {
    return refuse('invalid', `${stray} is no kind of change; there are ${Object.keys(changeKinds).join(', ')}`, '/kinds');
  }
  const all = [...book.all.values()];
  if (all.filter((one) => one.by === by.id).length >= mostPerOwner || all.length >= mostOfAll) {
    return refuse('too_many', `Nobody has more than ${mostPerOwner} webhooks, all together no more than ${mostOfAll}`);
  }
  return refusalOfUrl(request.url, allowPrivate);
}
