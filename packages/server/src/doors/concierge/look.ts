import { type HubClientView, type HubServiceView, type HubView, hubLimits } from '@switchyard/sdk/hub.ts';
import type { Member, Service } from '../../hub/member.ts';
import type { Desk } from './desk.ts';
import type { Ear } from './said.ts';

/** The hub as an operator sees it, cut where it would be too much to show. */
export function lookAt({ hub, counters }: Desk): HubView & { readonly on: true } {
  return {
    on: true,
    clients: firstOf(hub.members(), hubLimits.clients).map(clientView),
    clientCount: hub.clients,
    services: firstOf(hub.services(), hubLimits.services).map(serviceView),
    serviceCount: hub.serviceCount,
    messages: counters.messages,
    deliveries: counters.deliveries,
  };
}

function clientView({ client: { uuid, name, nickname, tags }, ear, subscriptions }: Member<Ear>): HubClientView {
  const names = firstOf(subscriptions, hubLimits.services).map((service) => service.name);
  return { uuid, name, nickname, tags: [...tags], address: ear.address, subscriptions: names };
}

function serviceView({ name, nickname, owner, subscribers }: Service<Ear>): HubServiceView {
  return { name, nickname, owner: owner.client.uuid, ownerName: owner.client.name, subscribers: subscribers.size };
}

function firstOf<T>(all: Iterable<T>, most: number): T[] {
  const first: T[] = [];
  for (const one of all) {
    if (first.length >= most) break;
    first.push(one);
  }
  return first;
}
