import { describe, expect, it } from 'vitest';
import type { Happening } from '../../src/hub/happening.ts';
import { Hub } from '../../src/hub/hub.ts';
import type { Member } from '../../src/hub/member.ts';
import { route } from '../../src/hub/relay.ts';
import { createSeededRandom } from '../lib/seeded-random.ts';

type Ear = null;

function enter(hub: Hub<Ear>, name: string): Member<Ear> {
  const joined = hub.join({ uuid: `uuid-${name}`, name, nickname: null, tags: [] }, null);
  if (joined === null) throw new Error(`${name} is taken`);
  joined.enter();
  return joined.member;
}

/** `what subject -> receivers`, in order. */
function told(happenings: readonly Happening<Ear>[]): string[] {
  return happenings.map((one) => {
    const subject = [...('client' in one ? [one.client.name] : []), ...('service' in one ? [one.service.name] : [])];
    return `${one.what} ${subject.join(' ')} -> ${names(one.to)}`;
  });
}

const names = (members: Iterable<Member<Ear>>): string => [...members].map(({ client }) => client.name).join(',');

function yard() {
  const hub = new Hub<Ear>();
  const [ada, bob, cy] = ['ada', 'bob', 'cy'].map((name) => enter(hub, name)) as [Member<Ear>, Member<Ear>, Member<Ear>];
  return { hub, ada, bob, cy };
}

describe('hub', () => {
  it('tells the others of a newcomer, which is part of broadcasts only after it has entered', () => {
    const { hub } = yard();
    const joined = hub.join({ uuid: 'u', name: 'dan', nickname: null, tags: [] }, null);
    expect(told(joined?.happenings ?? [])).toEqual(['client-joined dan -> ada,bob,cy']);
    expect(names(hub.members())).toBe('ada,bob,cy');
    expect(hub.join({ uuid: 'v', name: 'dan', nickname: null, tags: [] }, null)).toBeNull();
    joined?.enter();
    expect(names(hub.members())).toBe('ada,bob,cy,dan');
  });

  it('keeps the order of leaving: services, subscriptions, the client; and does it once', () => {
    const { hub, ada, bob, cy } = yard();
    const chat = hub.create(ada, 'chat', null).service;
    const sky = hub.create(bob, 'sky', null).service;
    for (const member of [ada, bob, cy]) hub.subscribe(member, chat);
    for (const member of [ada, cy]) hub.subscribe(member, sky);
    const { first, last } = hub.leave(ada);
    expect(told(first)).toEqual(['service-deleted chat -> bob,cy', 'unsubscribed ada sky -> cy']);
    expect(told(last)).toEqual(['client-left ada -> bob,cy']);
    expect(names(chat.subscribers), 'as at deletion').toBe('ada,bob,cy');
    expect([...bob.subscriptions, ...cy.subscriptions].map(({ name }) => name)).toEqual(['sky']);
    expect(hub.leave(ada)).toEqual({ first: [], last: [] });
    expect(hub.named('ada')).toBeUndefined();
  });

  it('begins a service of the same name without subscribers', () => {
    const { hub, ada, bob } = yard();
    hub.subscribe(bob, hub.create(ada, 'chat', null).service);
    hub.leave(ada);
    const again = hub.create(bob, 'chat', 'again');
    expect(again.changed).toBe(true);
    expect(hub.subscribe(bob, again.service).changed).toBe(true);
    expect([...bob.subscriptions]).toEqual([again.service]);
  });

  it('subscribing twice and leaving what one is not in change nothing', () => {
    const { hub, ada, bob } = yard();
    const { service } = hub.create(ada, 'chat', null);
    expect(told(hub.subscribe(bob, service).happenings)).toEqual(['subscribed bob chat -> bob']);
    expect(hub.subscribe(bob, service)).toMatchObject({ changed: false, happenings: [] });
    expect(told(hub.unsubscribe(bob, service).happenings)).toEqual(['unsubscribed bob chat -> ']);
    expect(hub.unsubscribe(bob, service)).toMatchObject({ changed: false, happenings: [] });
    expect(hub.create(bob, 'chat', 'mine')).toMatchObject({ changed: false, service: { nickname: null } });
  });

  it.each([
    ['ada', { to: 'name', name: 'bob' }, 'bob'],
    ['ada', { to: 'name', name: 'ada' }, 'ada'],
    ['ada', { to: 'name', name: 'zoe' }, 'unknown name'],
    ['ada', { to: 'uuid', uuid: 'uuid-cy' }, 'cy'],
    ['ada', { to: 'uuid', uuid: 'uuid-zoe' }, 'unknown uuid'],
    ['ada', { to: 'all' }, 'ada,bob,cy'],
    ['ada', { to: 'service', service: 'chat' }, 'bob'],
    ['bob', { to: 'service', service: 'chat' }, 'ada'],
    ['cy', { to: 'service', service: 'chat' }, 'not-allowed'],
    ['cy', { to: 'service', service: 'none' }, 'unknown service'],
    ['ada', { to: 'service-client', service: 'chat', uuid: 'uuid-cy' }, 'cy'],
    ['ada', { to: 'service-client', service: 'chat', uuid: 'uuid-zoe' }, 'unknown uuid'],
    ['bob', { to: 'service-client', service: 'chat', uuid: 'uuid-zoe' }, 'not-allowed'],
    ['bob', { to: 'service-client', service: 'none', uuid: 'uuid-zoe' }, 'unknown service'],
  ] as const)('relay: %s to %j -> %s', (sender, target, expected) => {
    const { hub, ada, bob } = yard();
    const { service } = hub.create(ada, 'chat', null);
    for (const member of [ada, bob]) hub.subscribe(member, service);
    const found = route(hub, hub.named(sender) ?? ada, target);
    if (found === 'not-allowed') expect(found).toBe(expected);
    else if ('unknown' in found) expect(`unknown ${found.unknown}`).toBe(expected);
    else expect(names([...found.receivers].filter((member) => member !== found.except))).toBe(expected);
  });

  it('holds 100,000 services, names like __proto__ among them', () => {
    const { hub, ada, bob } = yard();
    for (const name of ['__proto__', 'constructor', 'toString']) expect(hub.create(ada, name, null).changed).toBe(true);
    for (let i = 0; i < 100_000; i++) hub.create(ada, `service ${i}`, null);
    expect(hub.serviceCount).toBe(100_003);
    expect(hub.subscribe(bob, hub.service('__proto__')!).changed).toBe(true);
    expect(hub.leave(ada).first).toHaveLength(100_003);
    expect(hub.serviceCount).toBe(0);
    expect(bob.subscriptions.size).toBe(0);
  });

  it.each([1, 2, 3, 4, 5])('whatever is done in whatever order, both sides of every bond agree (seed %i)', (seed) => {
    const random = createSeededRandom(seed);
    const hub = new Hub<Ear>();
    const people = ['a', 'b', 'c', 'd'];
    const things = ['x', 'y', '__proto__'];
    for (let step = 0; step < 500; step++) {
      const name = random.pick(people);
      const member = hub.named(name);
      const service = hub.service(random.pick(things));
      const dice = random.below(6);
      if (member === undefined) enter(hub, name);
      else if (dice === 0) hub.leave(member);
      else if (dice === 1) hub.create(member, random.pick(things), null);
      else if (service === undefined) continue;
      else if (dice === 2 && service.owner === member) hub.delete(service);
      else if (dice < 5) hub.subscribe(member, service);
      else hub.unsubscribe(member, service);
      agree(hub);
    }
  });
});

function agree(hub: Hub<Ear>): void {
  const members = new Set(hub.members());
  for (const service of hub.services()) {
    expect(members.has(service.owner) && service.owner.services.has(service)).toBe(true);
    for (const subscriber of service.subscribers) {
      expect(members.has(subscriber) && subscriber.subscriptions.has(service)).toBe(true);
    }
  }
  for (const member of members) {
    for (const service of member.subscriptions) expect(service.subscribers.has(member)).toBe(true);
    for (const service of [...member.services, ...member.subscriptions]) expect(hub.service(service.name)).toBe(service);
  }
}
