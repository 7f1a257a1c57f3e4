import type { Happening } from '../../hub/happening.ts';
import type { Member, Service } from '../../hub/member.ts';
import { route } from '../../hub/relay.ts';
import type { Desk } from './desk.ts';
import type { Inbound, InboundType } from './messages.ts';
import type { Action } from './policy.ts';
import { rawMember } from './raw-member.ts';
import { type Ear, Said } from './said.ts';
import {
  allClients,
  allServices,
  clientResult,
  errorProtocol,
  type Inside,
  invalid,
  messageText,
  plain,
  serviceResult,
  targetOf,
} from './translate.ts';
import { canonicalUuid } from './uuid.ts';

/** Who asks, and with what. */
export interface Asking {
  readonly desk: Desk;
  readonly member: Member<Ear>;
  readonly trusted: boolean;
  /** The frame as it came. */
  readonly frame: string;
}

/** The answer; `after`: what is told once it is on its way (everything else is told before). */
export type Answered = Inside | { readonly answer: Inside; readonly after: readonly Happening<Ear>[] };

interface Row<N extends InboundType> {
  /** May be kept for the trusted; refused with `BAD`. */
  readonly needs?: Action;
  readonly answers: readonly string[];
  handle(asking: Asking, message: Inbound<N>): Answered;
}

/** Every message of an identified client (concierge §3.2). Schemas: `messages.ts`. Each is answered once, with its number. */
export const table: { readonly [N in InboundType]: Row<N> } = {
  MESSAGE: { answers: ['OK', 'BAD', 'INVALID_NAME', 'INVALID_UUID', 'INVALID_SERVICE'], handle: relay },
  SELF_SUBSCRIBE: {
    needs: 'subscribe',
    answers: ['SELF_SUBSCRIBE_RESULT', 'INVALID_SERVICE', 'BAD'],
    handle: (asking, { service }) => onService(asking, service, (found) => subscribe(asking, found)),
  },
  SELF_UNSUBSCRIBE: {
    answers: ['SELF_UNSUBSCRIBE_RESULT', 'INVALID_SERVICE'],
    handle: (asking, { service }) => onService(asking, service, (found) => unsubscribe(asking, found)),
  },
  SELF_FETCH: {
    answers: ['SELF_FETCH_RESULT'],
    handle: ({ desk, member }) => clientResult('SELF_FETCH', member, desk.limits),
  },
  // The number itself is set by the connection, which counts (`link.ts`).
  SELF_SET_SEQ: { answers: ['OK'], handle: () => plain.ok },
  SERVICE_CREATE: { needs: 'create', answers: ['SERVICE_CREATE_RESULT', 'BAD'], handle: create },
  SERVICE_DELETE: {
    answers: ['SERVICE_DELETE_RESULT', 'INVALID_SERVICE', 'BAD'],
    handle: (asking, { service }) => onService(asking, service, (found) => remove(asking, found)),
  },
  SERVICE_FETCH: {
    answers: ['SERVICE_FETCH_RESULT', 'INVALID_SERVICE'],
    handle: (asking, { service }) =>
      onService(asking, service, (found) => serviceResult('SERVICE_FETCH', found, null, asking.desk.limits)),
  },
  SERVICE_FETCH_ALL: {
    answers: ['SERVICE_FETCH_ALL_RESULT'],
    handle: ({ desk }) => allServices(desk.hub.services(), desk.limits),
  },
  CLIENT_FETCH_ALL: {
    answers: ['CLIENT_FETCH_ALL_RESULT'],
    handle: ({ desk }) => allClients(desk.hub.members(), desk.limits),
  },
  CLIENT_FETCH: { answers: ['CLIENT_FETCH_RESULT', 'INVALID_UUID'], handle: fetchClient },
};

/** The row of this message, under its guard. */
export function answer(asking: Asking, message: Inbound): Answered {
  const row = table[message.type] as Row<InboundType>;
  const { desk, trusted } = asking;
  if (row.needs !== undefined && !desk.policy.may(row.needs, trusted)) return plain.bad;
  return row.handle(asking, message as never);
}

function onService({ desk }: Asking, name: string, then: (service: Service<Ear>) => Answered): Answered {
  const service = desk.hub.service(name);
  return service === undefined ? invalid('service', name) : then(service);
}

/** The answer first, so that the viewer has its tab when the service greets it (concierge §4.2). */
function subscribe({ desk, member }: Asking, service: Service<Ear>): Answered {
  if (member.subscriptions.size >= desk.limits.subscriptionsPerClient) return plain.bad;
  const { changed, happenings } = desk.hub.subscribe(member, service);
  return { answer: serviceResult('SELF_SUBSCRIBE', service, changed, desk.limits), after: happenings };
}

function unsubscribe({ desk, member }: Asking, service: Service<Ear>): Answered {
  const { changed, happenings } = desk.hub.unsubscribe(member, service);
  return { answer: serviceResult('SELF_UNSUBSCRIBE', service, changed, desk.limits), after: happenings };
}

function create({ desk, member, trusted }: Asking, { service: name, nickname = null }: Inbound<'SERVICE_CREATE'>): Answered {
  const { hub, limits, policy } = desk;
  if (!policy.mayHave(name, trusted)) return plain.bad;
  const full = member.services.size >= limits.servicesPerClient || hub.serviceCount >= limits.services;
  if (full && hub.service(name) === undefined) return plain.bad;
  const { changed, service, happenings } = hub.create(member, name, nickname as string | null);
  desk.deliver(happenings);
  return serviceResult('SERVICE_CREATE', service, changed, limits);
}

function remove({ desk, member }: Asking, service: Service<Ear>): Answered {
  if (service.owner !== member) return plain.bad;
  desk.deliver(desk.hub.delete(service));
  return serviceResult('SERVICE_DELETE', service, null, desk.limits);
}

function fetchClient({ desk }: Asking, { uuid: given }: Inbound<'CLIENT_FETCH'>): Answered {
  const uuid = canonicalUuid(given);
  if (uuid === null) return errorProtocol('uuid must be a UUID');
  const member = desk.hub.member(uuid);
  return member === undefined ? invalid('uuid', given) : clientResult('CLIENT_FETCH', member, desk.limits);
}

function relay({ desk, member, trusted, frame }: Asking, { target: given, data }: Inbound<'MESSAGE'>): Answered {
  const target = targetOf(given);
  if (target === null) return errorProtocol('target.uuid must be a UUID');
  if (!desk.policy.may(target.to, trusted)) return plain.bad;
  const found = route(desk.hub, member, target);
  if (found === 'not-allowed') return plain.bad;
  if ('unknown' in found) return invalid(found.unknown, (given as Readonly<Record<string, string>>)[found.unknown] ?? '');
  const raw = rawMember(frame, 'data', desk.limits.depth);
  if (raw === null || raw === 'too-deep') return errorProtocol(`data is nested deeper than ${desk.limits.depth} levels`);
  const { receivers, service, except } = found;
  const said = new Said(messageText(member.client, service, target, raw, desk.limits), 'message', {
    latest: target.to === 'service' && service?.owner === member ? conflationKey(desk, service.name, data) : null,
    relayed: { from: member.client.uuid, data: raw },
  });
  desk.counters.messages++;
  desk.say(said, receivers, except);
  return plain.ok;
}

/** Under which of its messages a slow reader needs only the newest. */
function conflationKey({ conflate }: Desk, service: string, data: unknown): string | null {
  if (conflate.size === 0 || typeof data !== 'object' || data === null) return null;
  const key = `${service}:${String((data as { type?: unknown }).type)}`;
  return conflate.has(key) ? key : null;
}
