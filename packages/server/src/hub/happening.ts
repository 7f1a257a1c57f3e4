import type { Client, Member, Service } from './member.ts';

/** One thing that receivers are told. To be delivered at once, in the order given. */
export type Happening<Ear> = Told<Ear> & { readonly to: Iterable<Member<Ear>> };

export type Told<Ear> =
  | { readonly what: 'client-joined' | 'client-left'; readonly client: Client }
  | { readonly what: 'service-created' | 'service-deleted'; readonly service: Service<Ear> }
  | { readonly what: 'subscribed' | 'unsubscribed'; readonly client: Client; readonly service: Service<Ear> };
