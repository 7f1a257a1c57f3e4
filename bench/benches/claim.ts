import type { Bench } from '../lib/bench.ts';
import { Closing } from '../lib/closing.ts';
import { type Contestant, cpuOf, figureOf, inRounds, linesOf, type Round } from '../lib/in-rounds.ts';
import { type Program, startProgram } from '../lib/start-program.ts';
import { tempFolder } from '../lib/temp-folder.ts';

const rounds = 9;
const claims = 500;

/** Tasks of high priority that only workers with a `gpu` may take, in three engines. */
const sizes = { '1 k': 1_000, '100 k': 100_000, '1 M': 1_000_000 } as const;
const unfit = '1 k ready behind 1 M of higher priority that do not fit';
const delayed = '1 k ready behind 100 k that do not fit and 100 k delayed';
const ready = (size: string): string => `${size} ready`;

export const claim: Bench = {
  name: 'claim',
  title: 'Claim, whatever waits',
  method: `The engine without doors, threaded store, every commit flushed, one process for each size: 32 workers claim ${claims} tasks, one per call, one call each under way; untimed, these end and as many new ones come.`,
  async run({ say }) {
    await using closing = new Closing();
    const engines = new Map<string, Program>();
    for (const [size, count] of Object.entries(sizes)) {
      const engine = closing.add(startProgram('ours/claims.ts'));
      await engine.call('open', { at: closing.add(await tempFolder('claim')).path });
      await engine.call('fill', { count, needs: 'gpu', priority: 10, delayed: false });
      if (size !== '1 k') await engine.call('fill', { count: 1_000, needs: 'anything', priority: 0, delayed: false });
      if (size === '100 k') await engine.call('fill', { count, needs: 'anything', priority: 10, delayed: true });
      engines.set(size, engine);
      say(`${size} filled`);
    }
    const contestant = (name: string, size: string, has: 'gpu' | 'anything'): Contestant => {
      const input = { count: claims, has, priority: has === 'gpu' ? 10 : 0 };
      return { name, round: () => (engines.get(size) as Program).call<Round>('claim', input) };
    };
    const contestants = [
      ...Object.keys(sizes).map((size) => contestant(ready(size), size, 'gpu')),
      contestant(unfit, '1 M', 'anything'),
      contestant(delayed, '100 k', 'anything'),
    ];
    await inRounds(1, contestants);
    const figures = await inRounds(rounds, contestants);
    const verdict = { limit: 0.9, better: 'higher', unit: '×' } as const;
    const rate = (name: string): number => figureOf(figures, name) / figureOf(figures, ready('1 k'));
    const cpu = cpuOf(figures, ready('1 k')) / cpuOf(figures, ready('1 M'));
    return {
      lines: linesOf(figures, 'claims/s'),
      verdicts: [
        { ...verdict, target: 'claim with 1 M waiting ÷ with 1 k', value: rate(ready('1 M')) },
        { ...verdict, target: 'the same by processor time', value: cpu },
        { ...verdict, target: 'claim behind 1 M that do not fit ÷ with 1 k', value: rate(unfit) },
      ],
    };
  },
};
