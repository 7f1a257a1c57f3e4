import { type Result, refuse } from '../../../domain/errors.ts';
import type { Principal } from '../../../domain/principal.ts';
import type { Member } from '../../../hub/member.ts';
import type { Credentials } from '../../kit/http-row.ts';
import type { Desk } from '../desk.ts';
import type { Ear } from '../said.ts';
import { canonicalUuid } from '../uuid.ts';

/**
 * What a client's public UUID is good for as a key: `public`: everything, as the reference has it; `address`: writing only from
 * the address of the client's socket; `private`: reading only, writing needs the `fs_key` of HELLO.
 */
export type FileKeyRule = 'public' | 'address' | 'private';

/** Faults of a key that have no code of ours, with the status that the protocol gives them (concierge §5). */
export const keyFaults = { '/headers/x-fs-key': 428, '/headers/x-fs-key#uuid': 417 } as const;

/** Who stands behind `x-fs-key`: a client that is here now. */
export function keyHolder(desk: Desk, rule: FileKeyRule, { headers, remote }: Credentials): Result<Principal> {
  const given = headers['x-fs-key'];
  if (given === undefined) return refuse('malformed', 'Send your key as x-fs-key', '/headers/x-fs-key');
  const key = canonicalUuid(given.trim());
  if (key === null) return refuse('malformed', 'x-fs-key must be a UUID', '/headers/x-fs-key#uuid');
  const owner = desk.fileKeys.get(key);
  if (owner !== undefined) return { value: principal(owner, true) };
  const member = desk.hub.member(key);
  if (member === undefined) return refuse('unauthenticated', 'This is the key of no client that is connected');
  return { value: principal(member, rule === 'public' || (rule === 'address' && member.ear.address === remote)) };
}

function principal({ client }: Member<Ear>, writes: boolean): Principal {
  const rights = writes ? (['hub:use', 'file:write'] as const) : (['hub:use'] as const);
  return { id: client.uuid, name: client.name, rights, scope: 'own', kinds: [] };
}
