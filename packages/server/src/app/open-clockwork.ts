import { lookup } from 'node:dns/promises';
import type { Logger } from 'pino';
import type { Access } from '../auth/open-access.ts';
import type { Settings } from '../config/options.ts';
import type { Principal } from '../domain/principal.ts';
import type { Engine } from '../engine/engine.ts';
import { openSchedules, type Schedules } from '../schedules/open-schedules.ts';
import { openWebhooks, type Webhooks } from '../webhooks/open-webhooks.ts';
import type { Closers } from './closers.ts';
import { compileWith } from './compile-with.ts';
import type { Storage } from './open-storage.ts';
import { realClock as clock, realRandom as random } from './real-clock.ts';
import { version } from './version.ts';

export interface ClockworkParts {
  readonly storage: Storage;
  readonly engine: Engine;
  readonly access: Access;
  readonly log: Logger;
}

/** What is done in people's names while they are not there. */
export async function openYardSchedules(settings: Settings, parts: ClockworkParts, closers: Closers): Promise<Schedules> {
  const { storage, engine, access, log } = parts;
  const schedules = await openSchedules({
    ...{ records: storage.store.records, clock, random, engine },
    compile: compileWith(engine, clock, { commandLines: settings['flamenco.exec'] }),
    principal: access.principalNow,
    note: (by: Principal, command, subject) => access.note({ by, command, subject, refusal: null }),
    info: (fields, event) => log.info(fields, event),
    failed: (where, cause) => log.error({ where, err: String(cause) }, 'schedules:failed'),
  });
  closers.add('schedules', () => schedules.close());
  return schedules;
}

/** Changes, told to others. */
export async function openYardWebhooks(settings: Settings, parts: ClockworkParts, closers: Closers): Promise<Webhooks> {
  const { storage, engine, access, log } = parts;
  const webhooks = await openWebhooks({
    ...{ records: storage.store.records, secrets: storage.secrets, clock, random, engine, version },
    allowPrivate: settings['webhooks.private-targets'],
    resolve: async (host) => (await lookup(host, { all: true, order: 'ipv4first' })).map(({ address }) => address),
    principal: access.principalNow,
    note: (by: Principal, command, subject) => access.note({ by, command, subject, refusal: null }),
    info: (fields, event) => log.info(fields, event),
    failed: (where, cause) => log.error({ where, err: String(cause) }, 'webhooks:failed'),
  });
  closers.add('webhooks', () => webhooks.close());
  return webhooks;
}
