import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amountOf } from '../../src/domain/needs.ts';
import { kindPool } from '../../src/domain/rows.ts';
import { compareHeads, leastBusyFirst, pickClasses, pickHead, poolsWanted } from '../../src/domain/scheduling.ts';
import { busyness, fitsNow, mayClaim, suits } from '../../src/domain/worker.ts';
import { classSpec, pools, worker } from './arbitraries.ts';

const classes = fc.array(classSpec).map((specs) => specs.map((spec, at) => ({ id: at + 1, spec })));

describe('poolsWanted', () => {
  it('is what the task names, and the slots for its kind where that pool exists', () =>
    fc.assert(
      fc.property(classSpec, pools, (spec, some) => {
        const wanted = poolsWanted(spec, some);
        const implicit = kindPool(spec.kind);
        for (const name of new Set([...Object.keys(wanted), ...Object.keys(spec.pools), implicit])) {
          const named = amountOf(spec.pools, name);
          const counted = name === implicit && some.has(implicit) ? spec.amounts.slots : 0;
          expect(amountOf(wanted, name)).toBe(Math.max(named, counted));
        }
        expect(Object.values(wanted)).not.toContain(0);
      }),
    ));
});

describe('pickClasses', () => {
  it('picks exactly what fits the worker now and has room in every pool', () =>
    fc.assert(
      fc.property(worker, classes, pools, (one, list, some) => {
        const expected = list.filter(({ spec }) => {
          const room = Object.entries(poolsWanted(spec, some)).every(([name, amount]) => {
            const pool = some.get(name);
            return pool !== undefined && pool.used + amount <= pool.total;
          });
          return fitsNow(spec, one) && room;
        });
        expect(pickClasses(one, list, some)).toEqual(expected);
      }),
      { numRuns: 1_000 },
    ));

  it('finds something in most cases that are made to fit', () => {
    let found = 0;
    fc.assert(
      fc.property(worker, classSpec, (one, spec) => {
        const roomy = {
          ...one,
          kinds: [spec.kind],
          tags: spec.tags,
          mode: 'awake' as const,
          total: spec.amounts,
          used: { ...spec.amounts, slots: 0, cpus: 0, ramMb: 0, named: {} },
        };
        const counted = { ...roomy, profile: { ...one.profile, room: 'counted' as const } };
        found += pickClasses(counted, [{ id: 1, spec: { ...spec, pools: {}, pin: null } }], new Map()).length;
      }),
      { numRuns: 100 },
    );
    expect(found).toBe(100);
  });

  it('a full pool, a pool that is gone, a pool shrunk below its use: all without room', () => {
    const spec = {
      kind: 'shell',
      tags: [],
      amounts: { slots: 1, cpus: 0, ramMb: 0, named: {} },
      pools: { lic: 1 },
      pin: null,
      blockJob: null,
      fair: null,
    };
    const total = { slots: 9, cpus: 9, ramMb: 9, named: {} };
    const one = {
      ...fc.sample(worker, 1)[0]!,
      kinds: ['shell'],
      mode: 'awake' as const,
      total,
      used: { ...total, slots: 0, cpus: 0, ramMb: 0 },
      reported: total,
    };
    const pick = (...list: { name: string; total: number; used: number }[]) =>
      pickClasses(one, [{ id: 1, spec }], new Map(list.map((pool) => [pool.name, pool]))).length;
    const lic = { name: 'lic', total: 2, used: 1 };
    expect(pick(lic)).toBe(1);
    expect(pick({ ...lic, used: 2 })).toBe(0);
    expect(pick({ ...lic, total: 0 })).toBe(0);
    expect(pick()).toBe(0);
    expect(pick(lic, { name: 'kind:shell', total: 1, used: 0 })).toBe(1);
    expect(pick(lic, { name: 'kind:shell', total: 1, used: 1 })).toBe(0);
  });
});

const small = fc.integer({ min: -2, max: 2 });
const head = fc.oneof(
  fc.record({ task: fc.record({ id: fc.nat(50), jobPriority: small, priority: small }) }),
  fc.record({ array: fc.record({ id: fc.nat(40), next: fc.nat(10), jobPriority: small, priority: small }) }),
);

const keyOf = (one: typeof head extends fc.Arbitrary<infer H> ? H : never): number[] => {
  if ('task' in one) return [-one.task.jobPriority, -one.task.priority, one.task.id];
  return [-one.array.jobPriority, -one.array.priority, one.array.id + one.array.next];
};

describe('pickHead', () => {
  it('no entry goes before the one picked', () =>
    fc.assert(
      fc.property(fc.array(head, { minLength: 1 }), (heads) => {
        const best = pickHead(heads);
        if (best === null) throw new Error('none');
        expect(heads).toContain(best);
        for (const other of heads) {
          const [a, b] = [keyOf(best), keyOf(other)];
          const differs = a.findIndex((value, at) => value !== b[at]);
          if (differs >= 0) expect(a[differs]).toBeLessThan(b[differs] ?? 0);
        }
      }),
    ));

  it('is none of none', () => expect(pickHead([])).toBeNull());

  it('the order is total: it turns round with its operands', () =>
    fc.assert(
      fc.property(head, head, (a, b) => {
        expect(Math.sign(compareHeads(a, b))).toBe(0 - Math.sign(compareHeads(b, a)));
      }),
    ));
});

describe('workers', () => {
  it('least busy first, all of them, without touching the list', () =>
    fc.assert(
      fc.property(fc.array(worker), (list) => {
        const sorted = leastBusyFirst(Object.freeze(list));
        expect(new Set(sorted)).toEqual(new Set(list));
        expect(sorted.length).toBe(list.length);
        for (const [at, one] of sorted.entries()) {
          const before = sorted[at - 1];
          if (before !== undefined) expect(busyness(before)).toBeLessThanOrEqual(busyness(one));
        }
      }),
    ));

  it('busyness is 0 when idle and 1 when any of its amounts is used up', () => {
    const base = { ...fc.sample(worker, 1)[0]!, total: { slots: 4, cpus: 8, ramMb: 100, named: {} } };
    const counted = { ...base, profile: { ...base.profile, room: 'counted' as const } };
    const using = (slots: number, ramMb: number) => busyness({ ...counted, used: { slots, cpus: 0, ramMb, named: {} } });
    expect([using(0, 0), using(1, 0), using(1, 50), using(0, 100)]).toEqual([0, 0.25, 0.5, 1]);
  });

  it('what fits now suits, and nothing suits that its kinds, tags or pin forbid', () =>
    fc.assert(
      fc.property(worker, classSpec, (one, spec) => {
        if (fitsNow(spec, { ...one, profile: { ...one.profile, room: 'counted' } })) expect(suits(spec, one)).toBe(true);
        if (!suits(spec, one)) return;
        expect(one.kinds).toContain(spec.kind);
        expect(spec.tags.every((tag) => one.tags.includes(tag))).toBe(true);
        expect([null, one.id]).toContain(spec.pin);
      }),
    ));

  it('in mode testing nothing suits but what begins with test-', () =>
    fc.assert(
      fc.property(worker, classSpec, fc.boolean(), (one, plain, named) => {
        const spec = { ...plain, kind: named ? `test-${plain.kind}` : plain.kind };
        const kinds = [spec.kind, ...one.kinds];
        const awake = suits(spec, { ...one, kinds, mode: 'awake' });
        expect(suits(spec, { ...one, kinds, mode: 'testing' })).toBe(awake && spec.kind.startsWith('test-'));
      }),
    ));

  it('claims only online, at work or testing, and not asked to become anything else', () =>
    fc.assert(
      fc.property(worker, (one) => {
        const wanted = one.wanted === null || one.wanted.mode === one.mode;
        const works = one.mode === 'awake' || one.mode === 'testing';
        expect(mayClaim(one)).toBe(one.gate !== 'closed' && one.status === 'online' && works && wanted);
      }),
    ));
});
