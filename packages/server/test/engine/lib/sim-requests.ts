import type { SeededRandom } from '../../lib/seeded-random.ts';

/** One request as `/v1/jobs` would take it: single tasks, arrays, graphs, with pools, priorities, retries and parents. */
export function randomRequest(random: SeededRandom, recent: readonly number[], now: number): Record<string, unknown> {
  const chance = (share: number): boolean => random.dice() < share;
  const options = (): Record<string, unknown> => ({
    ...(chance(0.4) ? { retries: 1 + random.below(2), backoffMs: random.pick([0, 1_000]) } : {}),
    ...(chance(0.15) ? { retryOn: 'distinct', retries: 2 } : {}),
    ...(chance(0.2) ? { priority: random.below(5) } : {}),
    ...(chance(0.15) ? { timeoutMs: 5_000 + random.below(30_000) } : {}),
    ...(chance(0.1) ? { silenceMs: 5_000 } : {}),
    ...(chance(0.5) ? { needs: needs() } : {}),
  });
  const needs = (): Record<string, unknown> => ({
    slots: 1 + random.below(2),
    ...(chance(0.3) ? { pools: { licence: 1 } } : {}),
    ...(chance(0.2) ? { tags: ['big'] } : {}),
  });
  const array = (): Record<string, unknown> => (chance(0.3) ? { items: ['a', 'b', 'c'] } : { from: 0, to: random.below(5) });
  const task = (): Record<string, unknown> => ({ argv: ['x'], cwd: '/', ...options() });
  const common = {
    ...(chance(0.3) ? { priority: random.below(7) - 3 } : {}),
    ...(chance(0.1) ? { hold: true } : {}),
    ...(chance(0.25) && recent.length > 0 ? { after: [random.pick(recent)] } : {}),
    ...(chance(0.1) && recent.length > 0 ? { afterAny: [random.pick(recent)] } : {}),
    ...(chance(0.15) ? { limit: { key: random.pick(['a', 'b']), max: 1 + random.below(2) } } : {}),
    ...(chance(0.1) ? { rate: { key: 'r', max: 2, perMs: 10_000 } } : {}),
    ...(chance(0.05) ? { deadline: new Date(now + 20_000 + random.below(60_000)).toISOString() } : {}),
  };
  const roll = random.dice();
  if (roll < 0.45) return { ...common, spec: task() };
  if (roll < 0.65) return { ...common, spec: { ...task(), array: array() } };
  const count = 2 + random.below(4);
  const tasks = Array.from({ length: count }, (_, i) => {
    const after = Array.from({ length: i }, (_, parent) => `t${parent}`).filter(() => chance(0.45));
    return { key: `t${i}`, ...task(), after, ...(chance(0.3) ? { array: array() } : {}) };
  });
  return { ...common, kind: 'graph', spec: { tasks } };
}
