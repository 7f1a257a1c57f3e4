import type { Logger } from 'pino';
import { type Access, openAccess } from '../auth/open-access.ts';
import type { Settings } from '../config/options.ts';
import { system } from '../domain/principal.ts';
import type { Engine } from '../engine/engine.ts';
import type { Closers } from './closers.ts';
import type { Storage } from './open-storage.ts';
import { realClock as clock, realRandom as random } from './real-clock.ts';

export interface AccessParts {
  readonly storage: Storage;
  readonly engine: Engine;
  readonly log: Logger;
}

const keyBytes = 48;
/** As their own server names itself: programs that were written for it look at nothing else. */
const issuer = 'Printerlynx';

/** Accounts, sessions, tokens; what happens to them goes into the audit trail by the engine. */
export async function openYardAccess(settings: Settings, parts: AccessParts, closers: Closers): Promise<Access> {
  const { storage, engine, log } = parts;
  const { store, secrets, tokens } = storage;
  const key = settings['jwt-secret'] ?? (await secrets.getOrMake('jwt', () => random.secret(keyBytes)));
  const access = await openAccess({
    ...{ records: store.records, clock, random, tokens, issuer },
    jwtKey: Buffer.from(key),
    openRegistration: settings.open.includes('registration'),
    note: ({ by, ...what }) => {
      engine.command(system, 'note', { by: by.id, name: by.name, ...what }).then(
        ({ refusal }) => refusal !== undefined && log.error({ command: what.command, refusal: refusal.detail }, 'audit:not-kept'),
        (cause: unknown) => log.error({ command: what.command, err: String(cause) }, 'audit:not-kept'),
      );
    },
    onError: (cause) => log.warn({ err: String(cause) }, 'session:note-failed'),
  });
  closers.add('access', () => access.close());
  return access;
}
