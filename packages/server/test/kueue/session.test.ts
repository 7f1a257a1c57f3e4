import { describe, expect, test } from 'vitest';
import { type Life, type LifeEvent, newLife, stepLife } from '../../src/doors/kueue/session.ts';

const lives: readonly Life[] = [
  newLife,
  { life: 'client', auth: { is: 'stranger' }, strikes: 0 },
  { life: 'client', auth: { is: 'challenged', salt: 's' }, strikes: 1 },
  { life: 'client', auth: { is: 'trusted' }, strikes: 0 },
  { life: 'challenged', name: 'w', salt: 's' },
  { life: 'worker', name: 'w' },
  { life: 'over' },
];
const events: readonly LifeEvent[] = [
  { event: 'client-hello' },
  { event: 'worker-hello', name: 'w', salt: 's' },
  { event: 'auth-request', salt: 'fresh' },
  { event: 'auth-response', right: true },
  { event: 'auth-response', right: false },
  { event: 'request', privileged: true },
  { event: 'request', privileged: false },
  { event: 'bye' },
  { event: 'malformed' },
  { event: 'closed' },
];

/** One word per outcome: what is done, or `close`. */
function outcome(life: Life, event: LifeEvent): string {
  const { life: next, effects } = stepLife(life, event, 3);
  const done = effects.map((effect) => (effect.effect === 'verdict' ? `verdict ${effect.accepted}` : effect.effect));
  const closes = done.includes('close');
  expect(next.life === 'over', 'it is over exactly when it closes').toBe(
    closes || event.event === 'closed' || life.life === 'over',
  );
  return done.join(', ') || '-';
}

const nameOf = (life: Life): string => (life.life === 'client' ? life.auth.is : life.life);
const eventName = (event: LifeEvent): string => {
  if (event.event === 'auth-response') return event.right ? 'right' : 'wrong';
  if (event.event === 'request') return event.privileged ? 'privileged' : 'open';
  return event.event;
};

describe('the life of a connection (kueue §2.3, §3)', () => {
  test('every life answers every event', () => {
    const table = Object.fromEntries(
      lives.map((life) => [nameOf(life), Object.fromEntries(events.map((event) => [eventName(event), outcome(life, event)]))]),
    );
    const none = Object.fromEntries(events.map((event) => [eventName(event), '-']));
    const close = { ...Object.fromEntries(events.map((event) => [eventName(event), 'close'])), closed: '-' };
    const client = { ...close, 'auth-request': 'challenge', open: 'serve' };
    const refused = { wrong: 'verdict false', privileged: 'refuse, close' };
    expect(table).toEqual({
      greeting: { ...close, 'client-hello': 'welcome', 'worker-hello': 'welcome, challenge' },
      // An answer to no challenge is a wrong one, however good it is.
      stranger: { ...client, ...refused, right: 'verdict false' },
      challenged: { ...close, right: 'admit', wrong: 'verdict false, close' },
      trusted: { ...client, privileged: 'serve', right: 'verdict false', wrong: 'verdict false' },
      worker: { ...close, privileged: 'serve', open: 'serve' },
      over: none,
    });
    const [, , challenged] = lives;
    expect(outcome(challenged!, { event: 'auth-response', right: true })).toBe('verdict true');
  });

  test('kueue §7.4: a salt is good for one answer, and each request brings a fresh one', () => {
    let life: Life = { life: 'client', auth: { is: 'stranger' }, strikes: 0 };
    life = stepLife(life, { event: 'auth-request', salt: 'one' }, 5).life;
    life = stepLife(life, { event: 'auth-response', right: false }, 5).life;
    expect(life).toEqual({ life: 'client', auth: { is: 'stranger' }, strikes: 1 });
    expect(stepLife(life, { event: 'auth-response', right: true }, 5).effects).toEqual([
      { effect: 'verdict', accepted: false, strike: 2 },
    ]);
    life = stepLife(life, { event: 'auth-request', salt: 'two' }, 5).life;
    expect(life).toMatchObject({ auth: { salt: 'two' } });
    expect(stepLife(life, { event: 'auth-response', right: true }, 5).life).toMatchObject({ auth: { is: 'trusted' } });
  });

  test('kueue §7.4: after so many wrong answers the connection is closed, and not one before', () => {
    let life: Life = { life: 'client', auth: { is: 'stranger' }, strikes: 0 };
    for (let strike = 1; strike <= 3; strike++) {
      life = stepLife(life, { event: 'auth-request', salt: 's' }, 3).life;
      const step = stepLife(life, { event: 'auth-response', right: false }, 3);
      life = step.life;
      expect(step.effects.some(({ effect }) => effect === 'close')).toBe(strike === 3);
    }
  });
});
