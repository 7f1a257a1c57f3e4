import { compileCheck } from '@switchyard/sdk/check.ts';
import { OxdnaPayload, oxdnaFiles } from '@switchyard/sdk/oxdna.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inputTrouble, parseInput } from '../../../worker/src/runners/oxdna/input-text.ts';
import { compile } from '../../src/kinds/index.ts';
import { keysOfAnswers } from '../../src/kinds/oxdna/answers.ts';
import { defaultStages } from '../../src/kinds/oxdna/defaults.ts';
import { readInputFile } from '../../src/kinds/oxdna/input-file.ts';
import { finiteNumber, wholeNumber } from '../../src/kinds/oxdna/numbers.ts';
import { type Entry, tree } from '../../src/kinds/oxdna/tree.ts';

const files = { topology: 'a'.repeat(64), configuration: 'b'.repeat(64), forces: 'c'.repeat(64) };
const oxdna = (more: Record<string, unknown> = {}, request: Record<string, unknown> = {}) =>
  compile({ kind: 'oxdna', ...request, spec: { ...files, ...more } } as never);
const fileStage = (content: string) => oxdna({ stages: [{ type: 'FileConfig', content }] });
const inputOf = (content: string): string => {
  const { value, refusal } = fileStage(content);
  if (value === undefined) throw new Error(refusal?.detail);
  return (JSON.parse(value.tasks[0]!.body!) as { payload: { input: string } }).payload.input;
};

describe('kind oxdna', () => {
  it('is a chain of stages: each begins with the end of the one before, all share topology and forces', () => {
    const plan = oxdna({ metadata: { title: 'Tetra' } }).value!;
    expect(plan).toMatchObject({ name: 'Tetra', kind: 'oxdna' });
    expect(plan.tasks.map(({ key, after, refersTo }) => [key, after, refersTo])).toEqual([
      ['stage-0', [], []],
      ['stage-1', [0], [0]],
      ['stage-2', [1], [1]],
      ['stage-3', [2], [2]],
    ]);
    const inputs = plan.tasks.map(({ body }) => (JSON.parse(body!) as { inputs: unknown }).inputs);
    const shared = [
      { path: oxdnaFiles.topology, blob: files.topology },
      { path: oxdnaFiles.forces, blob: files.forces },
    ];
    expect(inputs[0]).toEqual([shared[0], { path: oxdnaFiles.start, blob: files.configuration }, shared[1]]);
    expect(inputs[2]).toEqual([shared[0], { path: oxdnaFiles.start, task: -2, count: 1, artifact: oxdnaFiles.end }, shared[1]]);
    expect(JSON.parse(plan.spec)).toMatchObject({ steps: [2000, 100, 1000, 1_000_000], stages: defaultStages });
    const check = compileCheck(OxdnaPayload);
    for (const { body } of plan.tasks) expect(check((JSON.parse(body!) as { payload: unknown }).payload)).toBeNull();
  });

  it('passes on what a stage needs, and how it may fail', () => {
    const needs = { cpus: 4, ramMb: 100, tags: ['big'], pools: { p: 1 }, resources: { gpu: 1 }, worker: 3, slots: 2 };
    const [task] = oxdna({ needs, retries: 2, maxLosses: 1, timeoutMs: 5, silenceMs: 6, priority: 7 }).value!.tasks;
    expect(task).toMatchObject({
      ...{ tags: ['big', 'files'], amounts: { slots: 2, cpus: 4, ramMb: 100, named: { gpu: 1 } }, pools: { p: 1 }, pin: 3 },
      ...{ timeoutMs: 5, silenceMs: 6, priority: 7, policy: { retries: 2, maxLosses: 1, onLoss: 'requeue' } },
    });
  });

  it('refuses with the place in the request', () => {
    expect(oxdna({ topology: 'x' }).refusal).toMatchObject({ code: 'malformed', at: '/spec/topology' });
    expect(oxdna({ stages: [] }).refusal).toMatchObject({ code: 'malformed', at: '/spec/stages' });
    expect(oxdna({ stages: [{ type: 'FileConfig', content: 'steps = 1' }, {}] }).refusal).toMatchObject({ at: '/spec/stages/1' });
    const large = { type: 'FileConfig', content: `steps = 1\n${'a = 1\n'.repeat(40_000)}` };
    expect(oxdna({ stages: new Array(9).fill(large) }).refusal).toMatchObject({ code: 'too_large', at: '/spec/stages' });
  });

  it('takes the card only where that is allowed, and never for a relaxation', () => {
    const backends = (cuda: boolean) =>
      oxdna({ cuda }).value!.tasks.map(
        ({ body }) => /backend = (\w+)/.exec((JSON.parse(body!) as { payload: { input: string } }).payload.input)?.[1],
      );
    expect(backends(false)).toEqual(['CPU', 'CPU', 'CPU', 'CPU']);
    expect(backends(true)).toEqual(['CPU', 'CPU', 'CPU', 'CUDA']);
    const stages = [{ type: 'FileConfig', content: 'steps = 1\nbackend = CUDA' }];
    expect(oxdna({ stages, cuda: true }).refusal).toBeUndefined();
  });

  it('every way through the tree gives keys; every answer left out is named', () => {
    const ways = waysThrough(tree.entries);
    expect(ways.length).toBe(25);
    for (const way of ways) {
      const answers = way.map(([name, value]) => ({ name, value }));
      const { value: keys } = keysOfAnswers(answers);
      expect(keys?.get('steps')).toBe('7');
      expect(['DNA', 'RNA', 'NA', 'DNA2', 'RNA2', 'DNA_relax', 'RNA_relax', 'NA_relax']).toContain(keys?.get('interaction_type'));
      expect([keys?.get('T'), keys?.get('print_conf_interval'), keys?.get('print_energy_every')]).toEqual(['0.5C', '7', '7']);
      for (const [i, { name }] of answers.entries()) {
        expect(keysOfAnswers(answers.toSpliced(i, 1)).refusal?.detail).toBe(`${name} is missing`);
      }
      const surplus = keysOfAnswers([...answers, { name: 'Colour', value: 'red' }, { name: 'Steps', value: '8' }]);
      expect(surplus.value).toEqual(keys);
    }
  });

  it('reads numbers as people and Java write them, whole ones without loss', () => {
    for (const [text, value] of [
      ['1e6', 1e6],
      ['2000.0', 2000],
      [' 7 ', 7],
      ['4294967295', 4_294_967_295],
    ] as const) {
      expect(wholeNumber(text)).toBe(value);
    }
    for (const text of ['0', '-1', '1.5', '4294967296', '', 'x', 'NaN', 'Infinity', '0x10', '1e400', '١'])
      expect(wholeNumber(text)).toBeNull();
    for (const [text, value] of [
      ['1.0E-5', 1e-5],
      ['.5', 0.5],
      ['30.', 30],
      ['-1f', -1],
      ['2D', 2],
    ] as const) {
      expect(finiteNumber(text)).toBe(value);
    }
    for (const text of ['', '.', 'e5', '1e', 'NaN', '-Infinity', '1e999', '1 2', '0b1']) expect(finiteNumber(text)).toBeNull();
  });

  it('reads an input file as oxDNA does: comments, semicolons, blocks, the later key', () => {
    const text =
      '# c\n\nT = 20C # warm; x = 1\na = 1; b = 2;c=3\nblock = {\n x = 1; y = 2\n { z = 3 }\n}\na = 4\nno sign\r\nd = x = y';
    expect([...readInputFile(text).value!]).toEqual([
      ['T', '20C'],
      ['b', '2'],
      ['c', '3'],
      ['block', '{\nx = 1; y = 2\n{ z = 3 }\n}'],
      ['a', '4'],
      ['d', 'x = y'],
    ]);
    expect(readInputFile('a = {').refusal?.detail).toContain('never closed');
    expect(readInputFile('a = }').refusal?.detail).toContain('not opened');
  });

  it('drops the files that the worker names itself, derives what is missing, keeps the rest', () => {
    const text =
      'steps = 2e2\ntopology = /x\nconf_file = ../y\nlog_file = z\nT = 20C\ndt = 0.1\nmax_io = 5\nno_stdout_energy = true';
    expect(inputOf(text)).toBe('steps = 200\nT = 20C\ndt = 0.1\nprint_energy_every = 2\nprint_conf_interval = 2\n');
    expect(inputOf('steps = 10\nprint_conf_interval = 5')).toContain('print_energy_every = 5\n');
  });

  it.each([
    ['plugin_search_path = .', 'plugin_search_path'],
    ['plugin_entry_points = x', 'plugin_entry_points'],
    ['reload_from = x', 'reload_from'],
    ['checkpoint_file = x', 'checkpoint_file'],
    ['seed = /etc/passwd', 'seed'],
    ['seed = ..\\x', 'seed'],
    ['seed = $(other)', 'seed'],
    ['a b = 1', 'a b'],
    ['data_output_2 = {\nname = conf_end.dat\n}', 'data_output_2'],
    ['data_output_2 = {\nname = stdout\n}', 'data_output_2'],
    ['data_output_2 = {\nname = /x/y.txt\n}', 'data_output_2'],
    ['data_output_2 = {\ncol_1 = {\n}\n}', 'data_output_2'],
    ['T = 20\u00b0', 'T'],
    ['T = x {\n}', 'T'],
    ['T = {\n} x', 'T'],
    [`T = ${'x'.repeat(201)}`, 'T'],
    ['T = .', 'T'],
  ])('refuses %j, and names the key', (line, key) => {
    expect(fileStage(`steps = 10\n${line}`).refusal).toMatchObject({
      ...{ code: 'invalid', at: '/spec/stages/0', detail: expect.stringContaining(`Stage 1: ${JSON.stringify(key)}`) },
    });
  });

  it('never lets through what a worker refuses, whatever is written', () => {
    const word = fc.constantFrom(
      'plugin_x',
      'a',
      'T',
      'data_output_2',
      '=',
      '{',
      '}',
      ';',
      '#',
      '/',
      '\\',
      '..',
      '$',
      '\n',
      ' ',
      'x.txt',
      'name',
      'log_file',
      '\ndata_output_3 = {\nname = ',
      '.out\n}\n',
      '\nT = ',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), (words) => {
        const { value } = fileStage(`steps = 10\n${words.join('')}`);
        if (value === undefined) return true;
        const { payload } = JSON.parse(value.tasks[0]!.body!) as { payload: { input: string } };
        return inputTrouble(parseInput(payload.input)) === null;
      }),
      { numRuns: 3_000 },
    );
  });
});

/** Every list of answers that a client could give. */
function waysThrough(entries: readonly Entry[]): [string, string][][] {
  const values = { UNSIGNED_INTEGER: '7', FLOAT: '0.5', BOOLEAN: 'true' } as const;
  return entries.reduce<[string, string][][]>(
    (ways, entry) => {
      if (entry.is === 'property') return ways.map((way) => [...way, [entry.name, values[entry.type]]]);
      return entry.values.flatMap((value) =>
        waysThrough(value.entries).flatMap((below) =>
          ways.map((way): [string, string][] => [...way, [entry.name, value.name], ...below]),
        ),
      );
    },
    [[]],
  );
}
