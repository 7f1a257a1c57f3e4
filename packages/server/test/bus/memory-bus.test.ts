import { expect, test } from 'vitest';
import { createMemoryBus } from '../../src/bus/memory/memory-bus.ts';
import { createSubjectIndex } from '../../src/bus/memory/subject-index.ts';
import { createSeededRandom } from '../lib/seeded-random.ts';
import { busSuite } from '../suites/bus.suite.ts';

busSuite('memory', createMemoryBus);

test('the index finds exactly what a scan of all patterns finds, in the order of subscription', () => {
  const random = createSeededRandom(7);
  const letter = () => random.pick(['a', 'b', ':']);
  const word = (length: number) => Array.from({ length }, letter).join('');
  const index = createSubjectIndex<string>();
  const live: { name: string; pattern: string; off: () => void }[] = [];
  for (let step = 0; step < 600; step++) {
    if (live.length > 0 && random.below(3) === 0) live.splice(random.below(live.length), 1)[0]!.off();
    const pattern = word(random.below(4)) + (random.below(2) === 0 ? '*' : '');
    const name = `${step} ${pattern}`;
    live.push({ name, pattern, off: index.add(pattern, name) });
    const subject = word(random.below(5));
    const covers = (p: string) => (p.endsWith('*') ? subject.startsWith(p.slice(0, -1)) : p === subject);
    expect(index.matching(subject)).toEqual(live.filter((one) => covers(one.pattern)).map((one) => one.name));
  }
});
