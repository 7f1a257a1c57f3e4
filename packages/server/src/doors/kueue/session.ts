import { unreachable } from '../../domain/unreachable.ts';

/** The life of one connection (kueue §2.3, §3). What is asked on it is the table's matter; who may ask is decided here. */
export type Life =
  | { readonly life: 'greeting' }
  | { readonly life: 'client'; readonly auth: ClientAuth; readonly strikes: number }
  /** A worker that has not proved that it knows the secret. */
  | { readonly life: 'challenged'; readonly name: string; readonly salt: string }
  | { readonly life: 'worker'; readonly name: string }
  | { readonly life: 'over' };

export type ClientAuth =
  | { readonly is: 'stranger' }
  /** The salt is good for one answer (kueue §7.4). */
  | { readonly is: 'challenged'; readonly salt: string }
  | { readonly is: 'trusted' };

export type LifeEvent =
  | { readonly event: 'client-hello' }
  | { readonly event: 'worker-hello'; readonly name: string; readonly salt: string }
  | { readonly event: 'auth-request'; readonly salt: string }
  | { readonly event: 'auth-response'; readonly right: boolean }
  /** A message of the table. `privileged`: only for those who know the secret. */
  | { readonly event: 'request'; readonly privileged: boolean }
  | { readonly event: 'bye' }
  /** Not a message at all, or none of this phase. */
  | { readonly event: 'malformed' }
  | { readonly event: 'closed' };

export type LifeEffect =
  | { readonly effect: 'welcome'; readonly who: 'client' | 'worker' }
  | { readonly effect: 'challenge'; readonly salt: string }
  /** `strike`: how many answers of this connection were wrong; told only after a pause that grows with it. 0: right. */
  | { readonly effect: 'verdict'; readonly accepted: boolean; readonly strike: number }
  /** A worker has proved itself: make it known. */
  | { readonly effect: 'admit'; readonly name: string }
  | { readonly effect: 'serve' }
  /** A privileged request of a stranger: the text, then the end (kueue §3). */
  | { readonly effect: 'refuse' }
  | { readonly effect: 'close'; readonly why: string };

export interface LifeStep {
  readonly life: Life;
  readonly effects: readonly LifeEffect[];
}

export const newLife: Life = { life: 'greeting' };
const over: Life = { life: 'over' };

const to = (life: Life, ...effects: LifeEffect[]): LifeStep => ({ life, effects });
const end = (why: string, ...effects: LifeEffect[]): LifeStep => to(over, ...effects, { effect: 'close', why });

/** Total: every life answers every event. `maxStrikes`: wrong answers after which a client is hung up on. */
export function stepLife(life: Life, event: LifeEvent, maxStrikes: number): LifeStep {
  if (event.event === 'closed') return to(over);
  if (event.event === 'malformed' && life.life !== 'over') return end('malformed message');
  switch (life.life) {
    case 'greeting':
      return greet(event);
    case 'client':
      return inClient(life, event, maxStrikes);
    case 'challenged':
      return inChallenged(life, event);
    case 'worker':
      if (event.event === 'request') return to(life, { effect: 'serve' });
      return event.event === 'bye' ? end('good-bye') : end('unexpected message');
    case 'over':
      return to(over);
    default:
      return unreachable(life);
  }
}

function greet(event: LifeEvent): LifeStep {
  if (event.event === 'client-hello') {
    return to({ life: 'client', auth: { is: 'stranger' }, strikes: 0 }, { effect: 'welcome', who: 'client' });
  }
  if (event.event !== 'worker-hello') return end('no hello');
  const { name, salt } = event;
  return to({ life: 'challenged', name, salt }, { effect: 'welcome', who: 'worker' }, { effect: 'challenge', salt });
}

type Client = Life & { life: 'client' };

function inClient(life: Client, event: LifeEvent, maxStrikes: number): LifeStep {
  switch (event.event) {
    case 'auth-request':
      return to({ ...life, auth: { is: 'challenged', salt: event.salt } }, { effect: 'challenge', salt: event.salt });
    case 'auth-response':
      return answered(life, event.right, maxStrikes);
    case 'request':
      return event.privileged && life.auth.is !== 'trusted'
        ? end('not authenticated', { effect: 'refuse' })
        : to(life, { effect: 'serve' });
    case 'bye':
      return end('good-bye');
    default:
      return end('unexpected message');
  }
}

/** An answer to no challenge is a wrong one. */
function answered(life: Client, right: boolean, maxStrikes: number): LifeStep {
  if (right && life.auth.is === 'challenged') {
    return to({ ...life, auth: { is: 'trusted' } }, { effect: 'verdict', accepted: true, strike: 0 });
  }
  const strikes = life.strikes + 1;
  const verdict: LifeEffect = { effect: 'verdict', accepted: false, strike: strikes };
  if (strikes >= maxStrikes) return end('too many wrong answers', verdict);
  return to({ ...life, auth: { is: 'stranger' }, strikes }, verdict);
}

/** One try; on any other message before it the connection is closed (kueue §7.7). */
function inChallenged(life: Life & { life: 'challenged' }, event: LifeEvent): LifeStep {
  if (event.event !== 'auth-response') return end('not authenticated');
  if (!event.right) return end('wrong secret', { effect: 'verdict', accepted: false, strike: 1 });
  // The verdict follows when the worker is known to the engine.
  return to({ life: 'worker', name: life.name }, { effect: 'admit', name: life.name });
}
