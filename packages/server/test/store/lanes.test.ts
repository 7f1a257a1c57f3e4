import { expect, test } from 'vitest';
import type { Lane } from '../../src/ports/store.ts';
import type { Call, Outcome } from '../../src/store/sqlite/calls.ts';
import { Lanes } from '../../src/store/sqlite/lanes.ts';

const call = (key: string): Call => ({ call: 'deleteRecord', collection: '', key });
const keyOf = (one: Call): string => (one.call === 'deleteRecord' ? one.key : '?');

/** Batches wait until the test lets them go; `takes` says how many calls of each make a transaction. */
function slowly(takes: (batch: readonly string[]) => number = (batch) => batch.length) {
  const batches: string[][] = [];
  const going: (() => void)[] = [];
  const execute = (calls: readonly Call[]): Promise<Outcome[]> => {
    const keys = calls.map(keyOf);
    batches.push(keys);
    return new Promise((resolve) => {
      going.push(() => resolve(keys.slice(0, takes(keys)).map((): Outcome => ({ result: true }))));
    });
  };
  const lanes = new Lanes(execute, queueMicrotask);
  const answered: string[] = [];
  const hand = (key: string, lane: Lane = 'urgent') => lanes.hand(call(key), lane).then(() => answered.push(key));
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const go = async (): Promise<void> => {
    await turn();
    going.shift()?.();
    await turn();
  };
  return { lanes, batches, answered, hand, go, turn };
}

test('what comes while a batch is out makes the next one', async () => {
  const { batches, answered, hand, go } = slowly();
  void hand('a');
  void hand('b');
  await go();
  expect(answered).toEqual(['a', 'b']);
  void hand('c');
  await go();
  expect(batches).toEqual([['a', 'b'], ['c']]);
});

test('S8 bulk calls have one turn after each urgent batch, and all turns when nothing is urgent', async () => {
  const { batches, hand, go, turn } = slowly();
  void hand('bulk 1', 'bulk');
  void hand('bulk 2', 'bulk');
  void hand('bulk 3', 'bulk');
  const urgent = [hand('a')];
  await turn();
  // Before the first is answered the second waits already.
  urgent.push(hand('b'));
  for (let n = 0; n < 5; n += 1) await go();
  await Promise.all(urgent);
  expect(batches).toEqual([['a'], ['bulk 1'], ['b'], ['bulk 2'], ['bulk 3']]);
});

test('what does not fit into a transaction is first in the next one, before what came later', async () => {
  const { batches, answered, hand, go } = slowly((batch) => Math.min(2, batch.length));
  for (const key of ['a', 'b', 'c', 'd', 'e']) void hand(key);
  await go();
  void hand('f');
  expect(answered).toEqual(['a', 'b']);
  for (let n = 0; n < 3; n += 1) await go();
  expect(answered).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  expect(batches.map((batch) => batch[0])).toEqual(['a', 'c', 'e']);
});

test('an executor that breaks rejects its batch; the next one goes on', async () => {
  let broken = true;
  const lanes = new Lanes(async (calls) => {
    if (broken) throw new Error('broken');
    return calls.map((): Outcome => ({ result: true }));
  }, queueMicrotask);
  await expect(lanes.hand(call('a'), 'urgent')).rejects.toThrow('broken');
  broken = false;
  await expect(lanes.hand(call('b'), 'urgent')).resolves.toEqual({ result: true });
  await lanes.drained();
});

test('drained waits for both lanes', async () => {
  const { lanes, hand, go, answered } = slowly();
  void hand('a');
  void hand('bulk', 'bulk');
  let drained = false;
  void lanes.drained().then(() => {
    drained = true;
  });
  await go();
  expect(drained).toBe(false);
  await go();
  expect([drained, answered]).toEqual([true, ['a', 'bulk']]);
});
