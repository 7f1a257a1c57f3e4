import { type Client, createClient } from '@switchyard/sdk/client/client.ts';
import { compileWith } from '../../../src/app/compile-with.ts';
import { type Access, openAccess } from '../../../src/auth/open-access.ts';
import { createTokens } from '../../../src/auth/tokens.ts';
import { type Principal, type Role, roles, system } from '../../../src/domain/principal.ts';
import type { ApiDeps, ApiLimits } from '../../../src/doors/api/deps.ts';
import { createApiDoor } from '../../../src/doors/api/door.ts';
import type { Authenticator, Door } from '../../../src/doors/kit/door.ts';
import type { KitLimits } from '../../../src/doors/kit/limits.ts';
import { type Listener, openListener } from '../../../src/doors/kit/listener.ts';
import { kinds } from '../../../src/kinds/index.ts';
import type { Store } from '../../../src/ports/store.ts';
import { openSchedules } from '../../../src/schedules/open-schedules.ts';
import { openWebhooks } from '../../../src/webhooks/open-webhooks.ts';
import { openYard, type Yard } from '../../engine/lib/yard.ts';
import { keptLog, type LogLine } from '../../lib/quiet-log.ts';
import { createSeededRandom } from '../../lib/seeded-random.ts';
import { until } from '../../lib/until.ts';

/** A token is the name of its role; `ada` and `bob` are submitters. */
const people: Readonly<Record<string, Principal>> = Object.fromEntries(
  [...Object.keys(roles), 'ada', 'bob'].map((name) => {
    const role = roles[(name in roles ? name : 'submitter') as Role];
    return [name, { id: `token:${name}`, name, rights: role.rights, scope: role.scope, kinds: null }];
  }),
);

export interface ApiYard extends AsyncDisposable {
  readonly yard: Yard;
  readonly listener: Listener;
  readonly door: Door;
  readonly access: Access;
  readonly lines: LogLine[];
  /** Addresses that failed. */
  readonly failures: string[];
  /** The typed client with the token of this name. */
  as(name: string): Client;
  close(): Promise<void>;
}

export interface ApiYardOptions {
  readonly commandLines?: boolean;
  readonly limits?: Partial<ApiLimits>;
  readonly kit?: Partial<KitLimits>;
  readonly deps?: Partial<ApiDeps>;
  /** More doors beside ours. */
  readonly others?: readonly Door[];
  /** Puts something between the engine and its store. */
  readonly around?: (store: Store) => Store;
}

/** Our own door on a real socket, over the real engine with its store in memory; the clock is the test's. */
export async function openApiYard(options: ApiYardOptions = {}): Promise<ApiYard> {
  const yard = await openYard(options.around === undefined ? {} : { around: options.around });
  const { log, lines } = keptLog();
  const failures: string[] = [];
  const auth: Authenticator = {
    token: async (token, remote) => people[token] ?? access.auth.token(token, remote),
    throttled: () => failures.length >= 10,
    failed: (remote) => void failures.push(remote),
  };
  const doors: Door[] = [...(options.others ?? [])];
  const { records } = yard.store;
  const random = createSeededRandom(2);
  const onError = (cause: unknown): void => log.error({ err: String(cause) });
  const tokens = createTokens({ records, clock: yard.clock, random, onError });
  const access = await openAccess({
    ...{ records, clock: yard.clock, random, tokens, onError },
    jwtKey: Buffer.alloc(48, 1),
    issuer: 'Printerlynx',
    openRegistration: false,
    note: ({ by, ...what }) => void yard.engine.command(system, 'note', { by: by.id, name: by.name, ...what }),
    cost: { memory: 64, passes: 1, lanes: 1 },
  });
  const compile = compileWith(yard.engine, yard.clock, { commandLines: options.commandLines ?? true });
  const schedules = await openSchedules({
    ...{ records, clock: yard.clock, random, engine: yard.engine, compile },
    principal: async (id) => people[id.replace('token:', '')] ?? null,
    note: (by, command, subject) => access.note({ by, command, subject, refusal: null }),
    info: () => {},
    failed: (where, cause) => log.error({ where, err: String(cause) }),
  });
  const sealed = new Map<string, string>();
  const webhooks = await openWebhooks({
    ...{ records, clock: yard.clock, random, engine: yard.engine, version: '1.2.3', allowPrivate: true },
    secrets: {
      get: async (name) => sealed.get(name) ?? null,
      set: async (name, secret) => void sealed.set(name, secret),
      delete: async (name) => sealed.delete(name),
    },
    resolve: async () => ['127.0.0.1'],
    principal: async (id) => people[id.replace('token:', '')] ?? null,
    note: (by, command, subject) => access.note({ by, command, subject, refusal: null }),
    info: () => {},
    failed: (where, cause) => log.error({ where, err: String(cause) }),
  });
  const door = createApiDoor({
    engine: yard.engine,
    auth,
    clock: yard.clock,
    random: createSeededRandom(1),
    log,
    compile,
    schedules,
    webhooks,
    kinds,
    tokens: memoryTokens(),
    access,
    setup: {
      secrets: async () => ['jwt'],
      settings: () => [{ name: 'port', value: '0', origin: 'flag' }],
      openness: () => [],
      tls: () => ({ on: false, only: false, expiresAt: null }),
    },
    doors: () => doors,
    about: {
      version: '1.2.3',
      startedAt: yard.clock.now(),
      workerFile: async () => Buffer.from('// worker\n'),
      page: async () => null,
    },
    metrics: async () => ({ type: 'text/plain', text: 'up 1\n' }),
    history: { stepMs: 5_000, points: () => [] },
    hub: () => null,
    notReady: () => null,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...options.deps,
  });
  doors.unshift(door);
  const listener = await openListener(
    { doors, hosts: ['127.0.0.1'], port: 0, limits: options.kit ?? {}, checkAnswers: true },
    { clock: yard.clock, log },
  );
  let closing: Promise<void> | null = null;
  async function shut(): Promise<void> {
    const closed = listener.close();
    await until(() => listener.connections() === 0 || yard.clock.pending > 0);
    await yard.clock.advance(60_000);
    await closed;
    await schedules.close();
    await webhooks.close();
    await yard.close();
  }
  const place: ApiYard = {
    yard,
    listener,
    door,
    access,
    lines,
    failures,
    as: (token) => createClient({ server: listener.url, token }),
    close: () => {
      closing ??= shut();
      return closing;
    },
    [Symbol.asyncDispose]: () => place.close(),
  };
  return place;
}

function memoryTokens(): ApiDeps['tokens'] {
  const made = new Map<string, Awaited<ReturnType<ApiDeps['tokens']['list']>>[number]>();
  return {
    create: async (_by, { name, role }) => {
      const id = String(made.size + 1);
      const view = { id, name, role, createdAt: '2026-01-01T00:00:00.000Z', expiresAt: null, lastUsedAt: null };
      made.set(id, view);
      return { value: { ...view, token: `swy_${id}_secret` } };
    },
    list: async () => [...made.values()],
    revoke: async (_by, id) => made.delete(id),
  };
}
