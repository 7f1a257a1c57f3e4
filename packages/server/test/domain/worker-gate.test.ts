import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasTag, mayClaim, mayStart, ownerTag, type WorkerGate } from '../../src/domain/worker.ts';
import { type GateEvent, gateMoves, stepGate } from '../../src/domain/worker-gate.ts';
import { worker as workers } from './arbitraries.ts';

const gates = Object.keys(gateMoves) as WorkerGate[];
const events = Object.keys(gateMoves.none) as GateEvent[];
const cases = gates.flatMap((gate) => events.flatMap((event) => [0, 1].map((holding) => ({ gate, event, holding }))));

describe('the gate of a worker', () => {
  it('does what the table of moves says, and nothing else is refused than a word given too early', () => {
    for (const { gate, event, holding } of cases) {
      const early = event === 'open' && holding > 0 && gate !== 'none';
      expect(stepGate(gate, event, holding), `${gate} ${event} ${holding}`).toBe(early ? 'busy' : gateMoves[gate][event]);
    }
  });

  it('is open only by the word of a person, whatever happens in between', () => {
    fc.assert(
      fc.property(fc.constantFrom(...gates), fc.array(fc.constantFrom(...events)), (first, happened) => {
        let gate = first;
        let word = first === 'open';
        for (const event of happened) {
          const next = stepGate(gate, event, 0);
          if (next === 'busy') throw new Error('it holds nothing');
          if (event === 'open' || event === 'start') word = next === 'open';
          else if (event !== 'fit') word = false;
          gate = next;
          expect(gate === 'open').toBe(word && gate !== 'none');
        }
      }),
    );
  });

  it('is closed by every end of an attempt, and a worker without one has none until it is fitted', () => {
    for (const gate of ['open', 'closed'] as const) expect(stepGate(gate, 'attempt-over', 0)).toBe('closed');
    for (const event of events) expect(stepGate('none', event, 0)).toBe(event === 'fit' ? 'closed' : 'none');
  });

  it('keeps off what the scheduler places and not what a person starts', () => {
    const claims: boolean[] = [];
    fc.assert(
      fc.property(workers, (worker) => {
        expect(mayClaim({ ...worker, gate: 'closed' })).toBe(false);
        expect(mayClaim({ ...worker, gate: 'open' })).toBe(mayStart(worker));
        expect(mayClaim({ ...worker, gate: 'none' })).toBe(mayStart(worker));
        claims.push(mayStart(worker));
      }),
      // One in forty may start something: of the usual hundred often enough none could.
      { numRuns: 2_000 },
    );
    expect(new Set(claims)).toEqual(new Set([true, false]));
  });
});

describe('tags that are more than a word', () => {
  const worker = { owner: 'user:ada', tags: ['files', 'material:pla', 'nozzle:0.4', 'owner:user:bob'] };
  it.each([
    ['files', true],
    ['gpu', false],
    ['material:pla', true],
    ['material:petg', false],
    ['material:pla?', true],
    ['material:petg?', false],
    ['volume:big?', true],
    ['volume:big', false],
    ['files?', false],
    [ownerTag('user:ada'), true],
    [ownerTag('user:bob'), false],
  ])('%s: %s', (tag, has) => {
    expect(hasTag(worker, tag)).toBe(has);
  });
});
