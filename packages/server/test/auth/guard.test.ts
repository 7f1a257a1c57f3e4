import { expect, test } from 'vitest';
import { createCredentialGuard } from '../../src/auth/credential-guard.ts';
import { deriveKey, type HashCost, hashCost, hashText, parseHash, passwordFits } from '../../src/auth/password-hash.ts';
import { createPasswords } from '../../src/auth/passwords.ts';
import { createWorkQueue, type Standing } from '../../src/auth/work-queue.ts';
import { createFakeClock } from '../lib/fake-clock.ts';
import { createSeededRandom } from '../lib/seeded-random.ts';
import { accountDesk, cheap, here, ok, there } from './lib.ts';

function setUp(options: { maxEntries?: number } = {}) {
  const clock = createFakeClock();
  const guard = createCredentialGuard({ clock, ...options });
  const wait = (remote: string, account: string): number => {
    const answer = guard.enter(remote, account);
    if (answer.waitMs === undefined) answer.takeBack();
    return answer.waitMs ?? 0;
  };
  /** Wrong as often as it may be, at most so many times. */
  const wrong = (remote: string, account: string, times: number): number => {
    let done = 0;
    while (done < times && guard.enter(remote, account).waitMs === undefined) done++;
    return done;
  };
  return { clock, guard, wait, wrong };
}

test('ten mistakes of an address are free; each further one doubles the wait, up to ten minutes', async () => {
  const { clock, wait, wrong } = setUp();
  for (let i = 0; i < 10; i++) expect(wrong('192.0.2.1', `user${i}`, 1)).toBe(1);
  const waits: number[] = [];
  for (let i = 0; i < 12; i++) {
    waits.push(wait('192.0.2.1', 'other'));
    await clock.advance(waits.at(-1)!);
    expect(wrong('192.0.2.1', `more${i}`, 1)).toBe(1);
  }
  expect(waits.slice(0, 4)).toEqual([1_000, 2_000, 4_000, 8_000]);
  expect(Math.max(...waits)).toBeLessThanOrEqual(600_000);
  expect(wait('192.0.2.2', 'other')).toBe(0);
});

test('an account under attack is closed to those who were wrong, not to an address that is calm', async () => {
  const { clock, wait, wrong } = setUp();
  expect(wrong('192.0.2.1', 'ada', 1_000)).toBe(5);
  expect(wait('192.0.2.1', 'ada')).toBe(1_000);
  // The same attacker elsewhere gets the three tries of a calm address, no more.
  expect(wrong('192.0.2.2', 'ada', 1_000)).toBe(3);
  expect(wait('198.51.100.7', 'ada')).toBe(0);
  // One who mistypes twice is not shut out by it.
  expect(wrong('198.51.100.7', 'ada', 2)).toBe(2);
  expect(wait('198.51.100.7', 'ada')).toBe(0);
  await clock.advance(900_000);
  expect(wait('192.0.2.1', 'ada')).toBe(0);
});

test('tries made at the same time count before they are answered', () => {
  const { guard } = setUp();
  const answers = Array.from({ length: 100 }, () => guard.enter('192.0.2.1', 'ada'));
  expect(answers.filter(({ waitMs }) => waitMs === undefined)).toHaveLength(5);
});

test('a right password of an own account washes no guesses away', async () => {
  const { clock, guard, wrong } = setUp();
  let guesses = 0;
  for (let i = 0; i < 100; i++) {
    const own = guard.enter('192.0.2.1', 'mallory');
    guesses += wrong('192.0.2.1', 'ada', 1);
    if (own.waitMs === undefined) own.takeBack();
    await clock.advance(1_000);
  }
  expect(guesses).toBeLessThan(16);
});

test('what is taken back is as if it had not been, once', () => {
  const { guard, wait } = setUp();
  for (let i = 0; i < 50; i++) {
    const attempt = guard.enter('192.0.2.1', 'ada');
    if (attempt.waitMs !== undefined) throw new Error('not free');
    attempt.takeBack();
    attempt.takeBack();
  }
  expect(wait('192.0.2.1', 'ada')).toBe(0);
  expect(guard.size).toBe(0);
});

test('memory is bounded however many addresses and names come', () => {
  const { guard, wrong } = setUp({ maxEntries: 100 });
  for (let i = 0; i < 5_000; i++) wrong(`10.0.${i >> 8}.${i & 255}`, `user${i}`, 1);
  expect(guard.size).toBe(200);
});

test('a jump of the wall clock neither frees nor locks', () => {
  const { clock, wait, wrong } = setUp();
  wrong('192.0.2.1', 'ada', 100);
  clock.jump(86_400_000);
  expect(wait('192.0.2.1', 'ada')).toBe(1_000);
});

function queue(options = { atOnce: 1, waiting: 2 }) {
  const work = createWorkQueue(options);
  const order: string[] = [];
  const gates: (() => void)[] = [];
  const run = (name: string, standing: Standing) =>
    work.run(standing, () => {
      order.push(name);
      return new Promise<string>((resolve) => gates.push(() => resolve(name)));
    });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const next = async (): Promise<void> => {
    gates.shift()?.();
    await turn();
  };
  return { work, order, run, next };
}

test('so many at once; the calm go first; a calm one takes the place of the last suspect', async () => {
  const { work, order, run, next } = queue();
  const answers = [run('a', 'suspect'), run('b', 'suspect'), run('c', 'suspect'), run('d', 'suspect'), run('e', 'calm')];
  expect(work.load).toBe(3);
  expect(await answers[3]).toBeNull();
  expect(await answers[2]).toBeNull();
  for (let i = 0; i < 3; i++) await next();
  expect(order).toEqual(['a', 'e', 'b']);
  expect(await answers[4]).toEqual({ value: 'e' });
  expect(work.load).toBe(0);
});

test('a known one goes first, and takes the place of a suspect, else of a calm one', async () => {
  const { order, run, next } = queue();
  const answers = [
    run('a', 'calm'),
    run('b', 'calm'),
    run('c', 'suspect'),
    run('d', 'known'),
    run('e', 'known'),
    run('f', 'known'),
  ];
  expect([await answers[2], await answers[1], await answers[5]]).toEqual([null, null, null]);
  for (let i = 0; i < 3; i++) await next();
  expect(order).toEqual(['a', 'd', 'e']);
});

test('full of calm ones, even a calm one is turned away; a failing work gives its place on', async () => {
  const { work, run, next } = queue();
  const kept = [run('a', 'calm'), run('b', 'calm'), run('c', 'calm')];
  expect(await run('d', 'calm')).toBeNull();
  for (let i = 0; i < 3; i++) await next();
  await Promise.all(kept);
  await expect(work.run('calm', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(work.load).toBe(0);
  expect(await work.run('calm', async () => 1)).toEqual({ value: 1 });
});

test('Argon2id as others compute it: the vector of the reference implementation', async () => {
  const reference = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
  const hash = parseHash(reference)!;
  expect(hash.cost).toEqual({ memory: 65_536, passes: 2, lanes: 1 });
  expect(hashText(hash)).toBe(reference);
  expect(await passwordFits('password', hash)).toBe(true);
  expect(await passwordFits('Password', hash)).toBe(false);
});

test.each([
  ['nothing', ''],
  ['another algorithm', '$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'],
  ['too much memory', '$argon2id$v=19$m=9999999,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'],
  ['no passes', '$argon2id$v=19$m=65536,t=0,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'],
  ['too little memory', '$argon2id$v=19$m=4,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'],
])('%s is no hash that is computed', (_, text) => expect(parseHash(text)).toBeNull());

test('the parameters of every day are at least those that OWASP asks for', () => {
  expect(hashCost.memory * hashCost.passes).toBeGreaterThanOrEqual(19_456 * 2);
});

test('a name that nobody has, or a hash that is none, costs what a wrong password costs', async () => {
  const random = createSeededRandom('passwords');
  const costs: HashCost[] = [];
  const derive: typeof deriveKey = (password, salt, cost, bytes) => {
    costs.push(cost);
    return deriveKey(password, salt, cost, bytes);
  };
  const passwords = createPasswords({ random, cost: cheap, derive });
  const hash = ok(await passwords.hash('right', 'calm'));
  costs.length = 0;
  for (const [known, fits] of [
    [hash, false],
    [null, false],
    ['$argon2id$broken', false],
  ] as const) {
    expect(ok(await passwords.check('wrong', known, 'calm')).fits).toBe(fits);
  }
  expect(costs).toEqual([cheap, cheap, cheap]);
  expect(ok(await passwords.check('right', hash, 'calm'))).toEqual({ fits: true, outdated: false });
});

test('a flood of guesses from calm addresses: bounded work, and a right password from a known address passes', async () => {
  await using desk = await accountDesk({ cost: { ...cheap, memory: 1_024 } });
  await desk.registered();
  ok(await desk.login('lovelace', there));
  const attackers = Array.from({ length: 300 }, (_, i) => ({ remote: `10.1.${i >> 8}.${i & 255}`, agent: 'flood' }));
  const flood = attackers.flatMap((from) => [1, 2, 3].map(() => desk.login('wrong', from)));
  const mine = desk.login('lovelace', there);
  const answers = await Promise.all(flood);
  const codes = new Set(answers.map(({ refusal }) => refusal?.code));
  expect(codes).toEqual(new Set(['unauthenticated', 'too_many']));
  for (const { refusal } of answers) if (refusal?.code === 'too_many') expect(refusal.afterMs).toBeGreaterThan(0);
  // Signed in from there before: it passes in the middle of the flood. Somewhere new one may have to come again.
  ok(await mine);
  ok(await desk.login('lovelace', here));
});
