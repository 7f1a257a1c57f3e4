import type { Hub } from './hub.ts';
import type { Member, Service } from './member.ts';

/** To whom a message is addressed. UUIDs in our spelling (lower case, hyphens). */
export type Target =
  | { readonly to: 'name'; readonly name: string }
  | { readonly to: 'uuid'; readonly uuid: string }
  | { readonly to: 'service'; readonly service: string }
  | { readonly to: 'service-client'; readonly service: string; readonly uuid: string }
  | { readonly to: 'all' };

export type Route<Ear> =
  | { readonly receivers: Iterable<Member<Ear>>; readonly service: Service<Ear> | null; readonly except: Member<Ear> | null }
  | { readonly unknown: 'name' | 'uuid' | 'service' }
  | 'not-allowed';

/** The table of concierge §4.3. `except` never hears its own message (T3), although it may stand among the receivers. */
export function route<Ear>(hub: Hub<Ear>, sender: Member<Ear>, target: Target): Route<Ear> {
  switch (target.to) {
    case 'name':
      return direct(hub.named(target.name), 'name');
    case 'uuid':
      return direct(hub.member(target.uuid), 'uuid');
    case 'all':
      return { receivers: hub.members(), service: null, except: null };
    case 'service': {
      const service = hub.service(target.service);
      return service === undefined ? { unknown: 'service' } : toService(service, sender);
    }
    case 'service-client': {
      const service = hub.service(target.service);
      if (service === undefined) return { unknown: 'service' };
      // Who may is asked before who is there: an outsider learns nothing.
      if (service.owner !== sender) return 'not-allowed';
      const receiver = hub.member(target.uuid);
      return receiver === undefined ? { unknown: 'uuid' } : { receivers: [receiver], service, except: null };
    }
  }
}

function direct<Ear>(receiver: Member<Ear> | undefined, what: 'name' | 'uuid'): Route<Ear> {
  return receiver === undefined ? { unknown: what } : { receivers: [receiver], service: null, except: null };
}

function toService<Ear>(service: Service<Ear>, sender: Member<Ear>): Route<Ear> {
  if (service.owner === sender) return { receivers: service.subscribers, service, except: sender };
  if (!service.subscribers.has(sender)) return 'not-allowed';
  return { receivers: [service.owner], service, except: null };
}
