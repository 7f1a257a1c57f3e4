import { expect, test } from 'vitest';
import { openDoorTokens } from '../../src/auth/door-tokens.ts';
import { procedures } from '../../src/engine/procedures/index.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { createFakeClock } from '../lib/fake-clock.ts';
import { createSeededRandom } from '../lib/seeded-random.ts';
import { until } from '../lib/until.ts';

async function openPlace(most = 100) {
  const store = await openSqliteStore({ file: ':memory:', mode: 'inline', procedures });
  const clock = createFakeClock();
  const errors: unknown[] = [];
  let seed = 1;
  const open = () =>
    openDoorTokens<{ who: string }>({
      ...{ records: store.records, clock, random: createSeededRandom(seed++), collection: 'x', graceMs: 900_000, most },
      onError: (error) => void errors.push(error),
    });
  const kept = async () => (await store.records.list<unknown>('x')).length;
  return { store, clock, open, kept, errors, [Symbol.asyncDispose]: () => store.close() };
}

test('a token is 32 letters and digits, kept as a hash only', async () => {
  await using place = await openPlace();
  const tokens = await place.open();
  const made = await Promise.all(Array.from({ length: 50 }, (_, i) => tokens.issue({ who: `n${i}` })));
  expect(new Set(made.map(({ token }) => token)).size).toBe(50);
  expect(new Set(made.map(({ session }) => session.id)).size).toBe(50);
  for (const { token, session } of made) {
    expect(token).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(tokens.find(token)).toBe(session);
  }
  const stored = JSON.stringify(await place.store.records.list('x'));
  for (const { token } of made) expect(stored).not.toContain(token);
  for (const strange of ['', 'x', made[0]!.token.slice(1), `${made[0]!.token}x`, 'x'.repeat(32)])
    expect(tokens.find(strange)).toBeNull();
  await tokens.close();
});

test('it ends when there was no sign of life for the grace; a request is one, a held one waits', async () => {
  await using place = await openPlace();
  const tokens = await place.open();
  const ended: string[] = [];
  tokens.onEnded(({ facts }) => void ended.push(facts.who));
  const [quiet, busy, held] = [
    await tokens.issue({ who: 'quiet' }),
    await tokens.issue({ who: 'busy' }),
    await tokens.issue({ who: 'held' }),
  ];
  const release = tokens.hold(held.session);
  await place.clock.advance(800_000);
  expect(tokens.find(busy.token)).not.toBeNull();
  await place.clock.advance(100_001);
  expect(tokens.find(quiet.token)).toBeNull();
  await place.clock.advance(60_000);
  expect(ended).toEqual(['quiet']);
  await until(async () => (await place.kept()) === 2);
  await place.clock.advance(10_000_000);
  expect(ended).toEqual(['quiet', 'busy']);
  release();
  release();
  // Its grace begins when the last one lets go.
  await place.clock.advance(800_000);
  expect(tokens.find(held.token)).not.toBeNull();
  await place.clock.advance(1_000_000);
  expect(tokens.find(held.token)).toBeNull();
  expect(tokens.count).toBe(0);
  await tokens.close();
  expect(place.errors).toEqual([]);
});

test('it survives a restart with a grace of its own, but not for ever', async () => {
  await using place = await openPlace();
  const before = await place.open();
  const { token, session } = await before.issue({ who: 'ada' });
  await place.clock.advance(890_000);
  await before.close();
  const after = await place.open();
  await place.clock.advance(890_000);
  expect(after.find(token)).toMatchObject({ id: session.id, facts: { who: 'ada' } });
  await after.close();
  place.clock.jump(31 * 86_400_000);
  const late = await place.open();
  expect(late.find(token)).toBeNull();
  await until(async () => (await place.kept()) === 0);
  await late.close();
});

test('they are bounded: who has been quiet for longest makes room, but nobody who is held', async () => {
  await using place = await openPlace(3);
  const tokens = await place.open();
  const made = [];
  for (let i = 0; i < 3; i++) made.push(await tokens.issue({ who: String(i) }));
  tokens.hold(made[0]!.session);
  tokens.find(made[1]!.token);
  const fourth = await tokens.issue({ who: '3' });
  expect(made.map(({ token }) => tokens.find(token) !== null)).toEqual([true, true, false]);
  expect(tokens.find(fourth.token)).not.toBeNull();
  await until(async () => (await place.kept()) === 3);
  await tokens.close();
});
