/** How a live client is known to others. */
export interface Client {
  /** Version 4, lower case, hyphenated. */
  readonly uuid: string;
  readonly name: string;
  readonly nickname: string | null;
  readonly tags: readonly string[];
}

/** A client that is here now. `ear`: how the door speaks to it. */
export interface Member<Ear> {
  readonly client: Client;
  readonly ear: Ear;
  /** In the order of creation. */
  readonly services: Set<Service<Ear>>;
  /** In the order of subscribing. */
  readonly subscriptions: Set<Service<Ear>>;
}

export interface Service<Ear> {
  readonly name: string;
  readonly nickname: string | null;
  readonly owner: Member<Ear>;
  /** In the order of subscribing. After deletion: as they were then. */
  readonly subscribers: Set<Member<Ear>>;
  /** Rises with every change of the subscribers: whoever keeps a text of it knows when it is old. */
  revision: number;
}

export function newMember<Ear>(client: Client, ear: Ear): Member<Ear> {
  return { client, ear, services: new Set(), subscriptions: new Set() };
}
