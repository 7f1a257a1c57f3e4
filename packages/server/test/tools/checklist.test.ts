import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { checklistOf, citationsOf, gaps } from '../../../../tools/checklist.ts';
import { root } from '../../../../tools/lib.ts';

const markdown = (name: string): string => readFileSync(path.join(root, `docs/protocols/${name}.md`), 'utf8');
const cite = (source: string): string[] => citationsOf(source).map(({ name, section, point }) => `${name} ${section}.${point}`);

describe('checklist', () => {
  it.each([
    ['concierge', 9],
    ['dnaforge', 8],
    ['flamenco', 9],
    ['kueue', 8],
    ['printerlynx', 8],
  ])('the points of %s stand in section %i and are counted without a gap', (name, section) => {
    const list = checklistOf(name, markdown(name));
    expect(list?.section).toBe(section);
    expect(list?.points.length).toBeGreaterThanOrEqual(25);
    expect(list?.points).toEqual(list?.points.map((_, at) => at + 1));
  });

  it('counts what titles cite, one or several', () => {
    expect(cite("it('kueue §8.15 a killed worker', () => {});")).toEqual(['kueue 8.15']);
    expect(cite('test("flamenco §9.1 §9.2, §9.30: three", f);')).toEqual(['flamenco 9.1', 'flamenco 9.2', 'flamenco 9.30']);
    expect(cite("describe('kueue §8.3', () => { it('works', f) });")).toEqual(['kueue 8.3']);
    expect(cite("it.each([[1], [2]])('kueue §8.4 with %i', f);")).toEqual(['kueue 8.4']);
  });

  it('does not count comments, other texts, or what is skipped', () => {
    expect(cite("// it('kueue §8.1 x')")).toEqual([]);
    expect(cite("/* it('kueue §8.1 x') */")).toEqual([]);
    expect(cite("const text = 'kueue §8.1';")).toEqual([]);
    expect(cite("it.skip('kueue §8.1 x', f);")).toEqual([]);
    expect(cite("it.todo('kueue §8.1 x');")).toEqual([]);
    expect(cite("describe.skip('kueue §8.1 x', f);")).toEqual([]);
  });

  it('names what is missing, and what is cited but does not exist', () => {
    const list = { name: 'kueue', section: 8, points: [1, 2] };
    const cited = [1, 9].map((point) => ({ name: 'kueue', section: 8, point, line: 4, file: 'a.test.ts' }));
    expect(gaps([list], cited)).toEqual(['kueue §8.2 is cited by no test', 'a.test.ts:4 cites kueue §8.9, which does not exist']);
    expect(gaps([list], [{ name: 'kueue', section: 6, point: 8, line: 1, file: 'a.test.ts' }])).toHaveLength(2);
  });
});
