import type { Happening } from './happening.ts';
import { type Client, type Member, newMember, type Service } from './member.ts';

/** Whether something changed, and what there is now. */
export interface Outcome<Ear> {
  readonly changed: boolean;
  readonly service: Service<Ear>;
  readonly happenings: readonly Happening<Ear>[];
}

/** Clients and services that are here now. */
export class Hub<Ear> {
  readonly #byName = new Map<string, Member<Ear>>();
  readonly #byUuid = new Map<string, Member<Ear>>();
  readonly #services = new Map<string, Service<Ear>>();

  get clients(): number {
    return this.#byUuid.size;
  }

  get serviceCount(): number {
    return this.#services.size;
  }

  named(name: string): Member<Ear> | undefined {
    return this.#byName.get(name);
  }

  member(uuid: string): Member<Ear> | undefined {
    return this.#byUuid.get(uuid);
  }

  service(name: string): Service<Ear> | undefined {
    return this.#services.get(name);
  }

  /** In the order of joining. */
  members(): Iterable<Member<Ear>> {
    return this.#byUuid.values();
  }

  /** In the order of creation. */
  services(): Iterable<Service<Ear>> {
    return this.#services.values();
  }

  /**
   * The name is taken and all *others* are told, but the newcomer is no receiver yet: the caller greets it and then calls
   * `enter` (concierge §2). Null: the name belongs to somebody who is here.
   */
  join(client: Client, ear: Ear): { member: Member<Ear>; happenings: readonly Happening<Ear>[]; enter: () => void } | null {
    if (this.#byName.has(client.name)) return null;
    const member = newMember(client, ear);
    this.#byName.set(client.name, member);
    return {
      member,
      happenings: [{ what: 'client-joined', client, to: this.members() }],
      enter: () => {
        if (this.#byName.get(client.name) === member) this.#byUuid.set(client.uuid, member);
      },
    };
  }

  /** In the order of concierge §4.4; the files of the client go between `first` and `last`. Idempotent. */
  leave(member: Member<Ear>): { readonly first: readonly Happening<Ear>[]; readonly last: readonly Happening<Ear>[] } {
    const { client } = member;
    if (this.#byName.get(client.name) !== member) return { first: [], last: [] };
    this.#byName.delete(client.name);
    this.#byUuid.delete(client.uuid);
    const first: Happening<Ear>[] = [];
    for (const service of [...member.services]) {
      this.#remove(service);
      first.push({ what: 'service-deleted', service, to: this.members() });
    }
    for (const service of member.subscriptions) {
      this.#unsubscribe(member, service);
      first.push({ what: 'unsubscribed', client, service, to: service.subscribers });
    }
    return { first, last: [{ what: 'client-left', client, to: this.members() }] };
  }

  /** `changed: false`: there is one already, whosever it is. Creating does not subscribe. */
  create(owner: Member<Ear>, name: string, nickname: string | null): Outcome<Ear> {
    const present = this.#services.get(name);
    if (present !== undefined) return { changed: false, service: present, happenings: [] };
    const service: Service<Ear> = { name, nickname, owner, subscribers: new Set(), revision: 0 };
    this.#services.set(name, service);
    owner.services.add(service);
    return { changed: true, service, happenings: [{ what: 'service-created', service, to: this.members() }] };
  }

  /** Subscribers get nothing but this; the service keeps them as they were. Whether the asker may is the caller's to know. */
  delete(service: Service<Ear>): readonly Happening<Ear>[] {
    this.#remove(service);
    return [{ what: 'service-deleted', service, to: this.members() }];
  }

  subscribe(member: Member<Ear>, service: Service<Ear>): Outcome<Ear> {
    if (service.subscribers.has(member)) return { changed: false, service, happenings: [] };
    service.subscribers.add(member);
    service.revision++;
    member.subscriptions.add(service);
    const { client } = member;
    return { changed: true, service, happenings: [{ what: 'subscribed', client, service, to: service.subscribers }] };
  }

  unsubscribe(member: Member<Ear>, service: Service<Ear>): Outcome<Ear> {
    if (!service.subscribers.has(member)) return { changed: false, service, happenings: [] };
    this.#unsubscribe(member, service);
    const { client } = member;
    return { changed: true, service, happenings: [{ what: 'unsubscribed', client, service, to: service.subscribers }] };
  }

  #unsubscribe(member: Member<Ear>, service: Service<Ear>): void {
    service.subscribers.delete(member);
    service.revision++;
    member.subscriptions.delete(service);
  }

  #remove(service: Service<Ear>): void {
    this.#services.delete(service.name);
    service.owner.services.delete(service);
    for (const subscriber of service.subscribers) subscriber.subscriptions.delete(service);
  }
}
