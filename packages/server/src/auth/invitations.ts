import { type Result, refuse } from '../domain/errors.ts';
import type { Millis } from '../domain/ids.ts';
import { may, type Principal, type Role } from '../domain/principal.ts';
import type { Clock, Random } from '../ports/clock.ts';
import type { Records } from '../ports/records.ts';
import type { Noter } from './audit-notes.ts';
import { hashOf, matches } from './token-text.ts';

/** Leave to make one account with a role: collection `invitation`, under its id; gone when it is used. */
export interface InvitationRecord {
  readonly hash: string;
  readonly role: Role;
  /** For whom, for people. */
  readonly note: string;
  readonly createdBy: string;
  readonly createdAt: Millis;
  readonly expiresAt: Millis;
}

export type Invitation = Omit<InvitationRecord, 'hash'> & { readonly id: string };

export interface Invitations {
  /** `code` is shown this once. */
  create(
    by: Principal,
    request: { readonly role: Role; readonly note: string; readonly ms: Millis },
  ): Promise<Result<{ readonly code: string; readonly invitation: Invitation }>>;
  list(): Promise<Invitation[]>;
  /** False: there is none, or this principal may not. */
  revoke(by: Principal, id: string): Promise<boolean>;
  /** Null: unknown, used, or expired. It stays. */
  look(code: string): Promise<Invitation | null>;
  /** Uses it up; null for all but one of those who do. The answer puts it back, where no account came of it. */
  use(id: string): Promise<(() => Promise<void>) | null>;
}

const collection = 'invitation';
const idBytes = 9;
const secretBytes = 24;
const form = /^swi_([A-Za-z0-9_-]{12})_([A-Za-z0-9_-]{32})$/;
/** At once; expired ones make room. */
const most = 1_000;

export function createInvitations({
  records,
  clock,
  random,
  note,
}: {
  readonly records: Records;
  readonly clock: Clock;
  readonly random: Random;
  readonly note: Noter;
}): Invitations {
  async function all(): Promise<Invitation[]> {
    const found = await records.list<InvitationRecord>(collection);
    const live: Invitation[] = [];
    for (const { key, value } of found) {
      if (value.expiresAt > clock.now()) live.push(shown(key, value));
      else await records.delete(collection, key);
    }
    return live.sort((a, b) => a.createdAt - b.createdAt);
  }

  return {
    async create(by, { role, note: text, ms }) {
      if (!may(by, 'admin:write')) return refuse('forbidden', 'Only an administrator invites');
      if ((await all()).length >= most) return refuse('too_many', `There are ${most} invitations already; revoke some of them`);
      const [id, secret] = [random.secret(idBytes), random.secret(secretBytes)];
      const createdAt = clock.now();
      const record = { hash: hashOf(secret), role, note: text, createdBy: by.id, createdAt, expiresAt: createdAt + ms };
      await records.put(collection, id, record, null);
      note({ by, command: 'invite', subject: `invitation ${id}, role ${role}`, refusal: null });
      return { value: { code: `swi_${id}_${secret}`, invitation: shown(id, record) } };
    },
    list: all,
    async revoke(by, id) {
      const gone = may(by, 'admin:write') && (await records.delete(collection, id));
      if (gone) note({ by, command: 'revokeInvitation', subject: `invitation ${id}`, refusal: null });
      return gone;
    },
    async look(code) {
      const [, id, secret] = form.exec(code) ?? [];
      if (id === undefined || secret === undefined) return null;
      const found = await records.get<InvitationRecord>(collection, id);
      if (found === null || !matches(secret, found.value.hash) || found.value.expiresAt <= clock.now()) return null;
      return shown(id, found.value);
    },
    async use(id) {
      const found = await records.get<InvitationRecord>(collection, id);
      if (found === null || !(await records.delete(collection, id))) return null;
      return async () => void (await records.put(collection, id, found.value, null));
    },
  };
}

function shown(id: string, { hash: _, ...rest }: InvitationRecord): Invitation {
  return { id, ...rest };
}
