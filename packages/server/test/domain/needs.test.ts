import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Amounts, amountOf, type ClassSpec, classKey, fitsIn, minus, nothing, plus } from '../../src/domain/needs.ts';
import { amounts, classSpec, resourceName } from './arbitraries.ts';

/** The same class said otherwise: orders turned round, a tag twice, amounts of 0 named. */
function saidOtherwise(spec: ClassSpec): ClassSpec {
  const turned = (record: Readonly<Record<string, number>>) => ({
    zero: 0,
    ...Object.fromEntries(Object.entries(record).reverse()),
  });
  return {
    ...spec,
    tags: [...spec.tags, ...spec.tags].reverse(),
    amounts: { ...spec.amounts, named: turned(spec.amounts.named) },
    pools: turned(spec.pools),
  };
}

/** Equality of meaning, found without a key. */
function sameClass(a: ClassSpec, b: ClassSpec): boolean {
  const names = ['gpu', 'licence', 'kind:shell', 'constructor', '__proto__', 'a.b'];
  const sameMap = (x: Readonly<Record<string, number>>, y: Readonly<Record<string, number>>): boolean =>
    names.every((name) => amountOf(x, name) === amountOf(y, name));
  return (
    a.kind === b.kind &&
    ['a', 'b', 'c'].every((tag) => a.tags.includes(tag) === b.tags.includes(tag)) &&
    fitsIn(a.amounts, b.amounts) &&
    fitsIn(b.amounts, a.amounts) &&
    sameMap(a.pools, b.pools) &&
    a.pin === b.pin &&
    a.blockJob === b.blockJob &&
    a.fair === b.fair
  );
}

/** Two specs that differ in one place at most, so that equal ones are common. */
const twins = fc
  .tuple(
    classSpec,
    classSpec,
    fc.constantFrom<keyof ClassSpec | null>(null, 'kind', 'tags', 'amounts', 'pools', 'pin', 'blockJob', 'fair'),
  )
  .map(([a, b, field]): [ClassSpec, ClassSpec] => [a, field === null ? saidOtherwise(a) : { ...a, [field]: b[field] }]);

describe('classKey', () => {
  it('is equal exactly when the specs mean the same', () =>
    fc.assert(
      fc.property(twins, ([a, b]) => {
        expect(classKey(a) === classKey(b)).toBe(sameClass(a, b));
      }),
      { numRuns: 2_000 },
    ));

  it('does not care for order, doubles or zeros', () =>
    fc.assert(
      fc.property(classSpec, (spec) => {
        expect(classKey(saidOtherwise(spec))).toBe(classKey(spec));
      }),
    ));

  it('does not mix up neighbours', () => {
    const spec: ClassSpec = { kind: 'k', tags: [], amounts: nothing, pools: {}, pin: null, blockJob: null, fair: null };
    const keys = [
      { ...spec, pin: 1 },
      { ...spec, blockJob: 1 },
      { ...spec, pools: { gpu: 1 } },
      { ...spec, amounts: { ...nothing, named: { gpu: 1 } } },
      { ...spec, amounts: { ...nothing, slots: 1 } },
      { ...spec, amounts: { ...nothing, cpus: 1 } },
      { ...spec, tags: ['a,b'] },
      { ...spec, tags: ['a', 'b'] },
    ].map(classKey);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

const same = (a: Amounts, b: Amounts): boolean => fitsIn(a, b) && fitsIn(b, a);

describe('amounts', () => {
  it('nothing fits anywhere and adds nothing', () =>
    fc.assert(
      fc.property(amounts, (a) => {
        expect(fitsIn(nothing, a)).toBe(true);
        expect(same(plus(a, nothing), a)).toBe(true);
      }),
    ));

  it('fits in itself, and in what it fits in more', () =>
    fc.assert(
      fc.property(amounts, amounts, amounts, (a, b, c) => {
        expect(fitsIn(a, a)).toBe(true);
        expect(fitsIn(a, plus(a, b))).toBe(true);
        if (fitsIn(a, b) && fitsIn(b, c)) expect(fitsIn(a, c)).toBe(true);
      }),
    ));

  it('adding and taking away undo each other, in any order', () =>
    fc.assert(
      fc.property(amounts, amounts, amounts, (a, b, c) => {
        expect(same(minus(plus(a, b), b), a)).toBe(true);
        expect(same(plus(a, b), plus(b, a))).toBe(true);
        expect(same(plus(plus(a, b), c), plus(a, plus(b, c)))).toBe(true);
      }),
    ));

  it('two fit together exactly when the second fits in what the first leaves', () =>
    fc.assert(
      fc.property(amounts, amounts, amounts, (a, b, room) => {
        expect(fitsIn(plus(a, b), room) || !fitsIn(a, room)).toBe(fitsIn(b, minus(room, a)) || !fitsIn(a, room));
      }),
    ));

  it('each single amount counts', () =>
    fc.assert(
      fc.property(amounts, resourceName, (room, name) => {
        expect(fitsIn({ ...nothing, slots: room.slots + 1 }, room)).toBe(false);
        expect(fitsIn({ ...nothing, cpus: room.cpus + 1 }, room)).toBe(false);
        expect(fitsIn({ ...nothing, ramMb: room.ramMb + 1 }, room)).toBe(false);
        expect(fitsIn({ ...nothing, named: { [name]: amountOf(room.named, name) + 1 } }, room)).toBe(false);
      }),
    ));

  it('does not write to its operands', () => {
    const a = Object.freeze({ ...nothing, named: Object.freeze({ gpu: 1 }) });
    expect(plus(a, { ...nothing, named: { gpu: 2 } }).named).toEqual({ gpu: 3 });
    expect(a.named).toEqual({ gpu: 1 });
  });
});
