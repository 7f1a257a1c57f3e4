import type { Happening } from '../../hub/happening.ts';
import type { Client, Member, Service } from '../../hub/member.ts';
import type { Target } from '../../hub/relay.ts';
import type { ConciergeLimits } from './limits.ts';
import type { MessageTarget } from './messages.ts';
import type { Ear } from './said.ts';
import { canonicalUuid } from './uuid.ts';
import { protocolVersion } from './version.ts';

type Texts = Pick<ConciergeLimits, 'frameBytes' | 'originSubscribers' | 'eventSubscribers'>;

/**
 * The inside of a payload without its opening brace, so that an answer (`{"seq":5,` before it) and a broadcast (`{` before it)
 * are made of the same text.
 */
export type Inside = string;

export const asBroadcast = (inside: Inside): string => `{${inside}`;
export const asAnswer = (seq: number, inside: Inside): string => `{"seq":${seq},${inside}`;

export const plain = {
  ok: '"type":"OK"}',
  bad: '"type":"BAD"}',
  unsupported: '"type":"ERROR_UNSUPPORTED"}',
} as const satisfies Readonly<Record<string, Inside>>;

export const errorProtocol = (desc: string): Inside => `"type":"ERROR_PROTOCOL","desc":${JSON.stringify(desc)}}`;
export const errorInternal: Inside = '"type":"ERROR_INTERNAL","desc":"the server failed; its log says why"}';
export const invalid = (what: 'name' | 'uuid' | 'service', value: string): Inside =>
  `"type":"INVALID_${what.toUpperCase()}","${what}":${JSON.stringify(value)}}`;

export function hello(uuid: string, extensions: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ type: 'HELLO', uuid, version: protocolVersion, ...extensions });
}

/** Made anew only when something of it changed. */
const clientTexts = new WeakMap<Client, string>();
const serviceTexts = new WeakMap<Service<Ear>, { revision: number; most: number; text: string }[]>();

export function clientText(client: Client): string {
  const known = clientTexts.get(client);
  if (known !== undefined) return known;
  const { name, nickname, uuid, tags } = client;
  const text = JSON.stringify({ name, ...(nickname === null ? {} : { nickname }), uuid, tags });
  clientTexts.set(client, text);
  return text;
}

/** With its subscribers, unless there are more than `most`: then with none. */
export function serviceText(service: Service<Ear>, most: number): string {
  const known = serviceTexts.get(service) ?? [];
  const fresh = known.find((one) => one.revision === service.revision && one.most === most);
  if (fresh !== undefined) return fresh.text;
  const { name, nickname, owner, subscribers, revision } = service;
  const uuids = subscribers.size > most ? [] : Array.from(subscribers, ({ client }) => client.uuid);
  const text = JSON.stringify({
    name,
    ...(nickname === null ? {} : { nickname }),
    owner_uuid: owner.client.uuid,
    subscribers: uuids,
  });
  serviceTexts.set(service, [...known.filter((one) => one.revision === revision && one.most !== most), { revision, most, text }]);
  return text;
}

/** Bytes of one subscriber in a list. */
const subscriberBytes = 39;
const headBytes = 4_096;

/** All subscribers, as many as a frame holds. */
export function wholeService(service: Service<Ear>, { frameBytes }: Texts): string {
  return serviceText(service, Math.floor((frameBytes - headBytes) / subscriberBytes));
}

export type ServiceResult = 'SELF_SUBSCRIBE' | 'SELF_UNSUBSCRIBE' | 'SERVICE_CREATE' | 'SERVICE_DELETE' | 'SERVICE_FETCH';

/** `successful` null: the payload has no such field. */
export function serviceResult(type: ServiceResult, service: Service<Ear>, successful: boolean | null, limits: Texts): Inside {
  const success = successful === null ? '' : `"successful":${successful},`;
  return `"type":"${type}_RESULT",${success}"service":${wholeService(service, limits)}}`;
}

export function clientResult(type: 'SELF_FETCH' | 'CLIENT_FETCH', member: Member<Ear>, limits: Texts): Inside {
  const subscriptions = list(
    'subscriptions',
    member.subscriptions,
    (service) => wholeService(service, limits),
    limits,
    (service) => serviceText(service, 0),
  );
  return `"type":"${type}_RESULT","client":${clientText(member.client)},${subscriptions}}`;
}

export function allServices(services: Iterable<Service<Ear>>, limits: Texts): Inside {
  const texts = list(
    'services',
    services,
    (service) => wholeService(service, limits),
    limits,
    (service) => serviceText(service, 0),
  );
  return `"type":"SERVICE_FETCH_ALL_RESULT",${texts}}`;
}

export function allClients(members: Iterable<Member<Ear>>, limits: Texts): Inside {
  return `"type":"CLIENT_FETCH_ALL_RESULT",${list('clients', members, ({ client }) => clientText(client), limits)}}`;
}

/**
 * A list that keeps the frame below its bound: where it would not fit, entries are made `short`, and what still does not fit is
 * left out and said so (`truncated`), for a client that is closed by its own library has nothing at all.
 */
function list<T>(
  name: string,
  all: Iterable<T>,
  textOf: (one: T) => string,
  { frameBytes }: Texts,
  short: (one: T) => string = textOf,
): string {
  const room = frameBytes - headBytes;
  const whole = within(all, textOf, room);
  const { texts, complete } = whole.complete ? whole : within(all, short, room);
  return `"${name}":[${texts.join(',')}]${complete ? '' : ',"truncated":true'}`;
}

function within<T>(all: Iterable<T>, textOf: (one: T) => string, room: number): { texts: string[]; complete: boolean } {
  const texts: string[] = [];
  let left = room;
  for (const one of all) {
    const text = textOf(one);
    left -= Buffer.byteLength(text) + 1;
    if (left < 0) return { texts, complete: false };
    texts.push(text);
  }
  return { texts, complete: true };
}

/** What receivers of a happening are told. */
export function happeningText(happening: Happening<Ear>, limits: Texts): string {
  switch (happening.what) {
    case 'client-joined':
      return `{"type":"CLIENT_JOINED","client":${clientText(happening.client)}}`;
    case 'client-left':
      return `{"type":"CLIENT_LEFT","client":${clientText(happening.client)}}`;
    case 'service-created':
      return asBroadcast(serviceResult('SERVICE_CREATE', happening.service, true, limits));
    case 'service-deleted':
      return asBroadcast(serviceResult('SERVICE_DELETE', happening.service, null, limits));
    case 'subscribed':
    case 'unsubscribed': {
      const service = serviceText(happening.service, limits.eventSubscribers);
      const type = `SERVICE_CLIENT_${happening.what.toUpperCase()}`;
      return `{"type":"${type}","client":${clientText(happening.client)},"service":${service}}`;
    }
  }
}

/** Null: a UUID is none. */
export function targetOf(target: MessageTarget): Target | null {
  switch (target.type) {
    case 'NAME':
      return { to: 'name', name: target.name };
    case 'SERVICE':
      return { to: 'service', service: target.service };
    case 'ALL':
      return { to: 'all' };
    case 'UUID': {
      const uuid = canonicalUuid(target.uuid);
      return uuid === null ? null : { to: 'uuid', uuid };
    }
    case 'SERVICE_CLIENT_UUID': {
      const uuid = canonicalUuid(target.uuid);
      return uuid === null ? null : { to: 'service-client', service: target.service, uuid };
    }
  }
}

function targetText(target: Target): string {
  switch (target.to) {
    case 'name':
      return `{"type":"NAME","name":${JSON.stringify(target.name)}}`;
    case 'uuid':
      return `{"type":"UUID","uuid":"${target.uuid}"}`;
    case 'service':
      return `{"type":"SERVICE","service":${JSON.stringify(target.service)}}`;
    case 'service-client':
      return `{"type":"SERVICE_CLIENT_UUID","service":${JSON.stringify(target.service)},"uuid":"${target.uuid}"}`;
    case 'all':
      return '{"type":"ALL"}';
  }
}

/** A relayed message, rebuilt field by field; `data` is the sender's own text (concierge §3.4). */
export function messageText(from: Client, service: Service<Ear> | null, target: Target, data: string, limits: Texts): string {
  const sender = clientText(from);
  const origin =
    service === null ? sender : `${sender.slice(0, -1)},"service":${serviceText(service, limits.originSubscribers)}}`;
  return `{"type":"MESSAGE","origin":${origin},"target":${targetText(target)},"data":${data}}`;
}
