import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { particlesIn, readConfiguration } from '../src/runners/oxdna/configuration.ts';
import { EnergyLines, type Seen } from '../src/runners/oxdna/energy-lines.ts';
import { EngineLog } from '../src/runners/oxdna/engine-log.ts';
import { inputText, inputTrouble, parseInput } from '../src/runners/oxdna/input-text.ts';
import { Recent } from '../src/runners/oxdna/restless.ts';
import { SeriesTable } from '../src/runners/oxdna/series-table.ts';
import { strand } from './lib/oxdna.ts';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-oxdna-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const payload = {
  stage: 0,
  input: '',
  steps: 2_000,
  printEvery: 100,
  autoExtend: false,
  maxExtensions: 0,
  createTrajectory: true,
};

describe('input text', () => {
  test('keys, comments, separators, blocks, and the later of two', () => {
    const text =
      '# all\n\nT = 30C # warm\nsteps=1; dt = 0.1\nno value here\nT = 20C\nbox = {\n a = 1\n inner = {\n b = 2 }\n}\nlast = x\r\n';
    const keys = parseInput(text);
    expect([...keys.keys()]).toEqual(['steps', 'dt', 'T', 'box', 'last']);
    expect(keys.get('T')).toBe('20C');
    expect(keys.get('box')?.replace(/\s+/g, ' ')).toBe('{ a = 1 inner = { b = 2 } }');
    expect(inputTrouble(keys)).toBeNull();
  });

  test.each([
    ['plugin_search_path = .', 'plugin_search_path'],
    ['PLUGIN_make_entry_points = x', 'load code'],
    ['log_file = ../../etc/x', 'path separator'],
    ['energy_file = /etc/passwd', 'path separator'],
    ['seq_dep_file = ..\\x', 'path separator'],
    ['reload_from = ..', 'names a folder'],
    ['a/b = 1', 'not a name'],
    ['data_output_2 = {\n name = stdout\n print_every = 1\n}', '"stdout"'],
    ['data_output_3 = {\n name = conf_end.dat\n}', '"conf_end.dat"'],
    ['data_output_4 = {\n name = ../x.out\n}', 'path separator'],
    ['data_output_5 = {\n print_every = 1\n}', 'data_output_5'],
    ['analysis_data_output_1 = {\n name = oxDNA.log\n}', '"oxDNA.log"'],
    ['T = 30\u0007C', 'plain ASCII'],
    ['T = $(steps)$(steps)C', 'refers to other values'],
    [['dt = $', '{1+1}'].join(''), 'refers to other values'],
    [`T = ${'3'.repeat(201)}C`, 'too long'],
    [`data_output_6 = {\n name = x.txt\n col_1 = ${'y'.repeat(201)}\n}`, 'too long'],
    ['box = {\n a = 1', 'not balanced'],
    ['box = }', 'not balanced'],
    ['box = { a = 1 } plugins = x', 'beside them'],
    ['box = 1 { a = 1 }', 'beside them'],
    ['box = { a = 1 } { b = 2 }', 'beside them'],
  ])('refused: %j', (text, word) => {
    expect(inputTrouble(parseInput(text))).toContain(word);
  });

  test.each(['data_output_2 = {\n name = bonds.txt\n print_every = 100\n}', 'salt_concentration = 1e-1', 'seed = 7'])(
    'allowed: %j',
    (text) => {
      expect(inputTrouble(parseInput(text))).toBeNull();
    },
  );

  test('what decides on files, prints and steps is laid over it, each key once', () => {
    const text = inputText(
      parseInput('steps = 7\ntopology = x\nexternal_forces = true\nT = 1\ndata_output_1 = {\n name = y\n}\n'),
      payload,
    );
    const keys = parseInput(text);
    expect(Object.fromEntries(keys)).toMatchObject({
      steps: '2000',
      topology: 'topology.top',
      conf_file: 'conf_start.dat',
      lastconf_file: 'conf_end.dat',
      trajectory_file: 'trajectory.dat',
      energy_file: 'energy.dat',
      external_forces_file: 'forces.forces',
      max_io: '100.0',
      T: '1',
    });
    expect(keys.get('data_output_1')).toMatch(/name = stdout\nprint_every = 100/);
    expect(text.match(/^steps = /gm)).toHaveLength(1);
    const bare = parseInput(inputText(parseInput('external_forces = false'), { ...payload, createTrajectory: false }));
    expect(bare.has('external_forces_file')).toBe(false);
    expect(bare.get('trajectory_file')).toBe('/dev/null');
  });
});

describe('energy lines', () => {
  const pairs =
    '           0 106.674750 19\n           0 0.000000 106.6 0.5 106.6\n         100  -1.412345 0\n         100 0.5 -1.4 0.3 -1.1\n';

  function seen(...pieces: string[]): Seen[] {
    const all: Seen[] = [];
    const lines = new EnergyLines((one) => all.push(one));
    for (const piece of pieces) lines.read(Buffer.from(piece));
    return all;
  }

  const expected = [
    { step: 0, energy: 106.67475, stretched: 19 },
    { step: 100, energy: -1.412345, stretched: 0 },
  ];

  test('pairs, whatever the pieces', () => {
    expect(seen(pairs)).toEqual(expected);
    expect(seen(...pairs)).toEqual(expected);
    for (let at = 1; at < pairs.length; at += 7) expect(seen(pairs.slice(0, at), pairs.slice(at))).toEqual(expected);
  });

  test('a line without its end is not read; huge, nan and inf are numbers', () => {
    expect(seen('0 1.5 2')).toEqual([]);
    expect(seen('0 123456789012.5 2\n')).toMatchObject([{ energy: 123_456_789_012.5 }]);
    expect(seen('5 nan 0\n5 0 0 0 0\n6 -inf 0\n')).toMatchObject([{ energy: Number.NaN }, { energy: Number.NEGATIVE_INFINITY }]);
  });

  test('our line alone, and the standard line before ours, are read as well', () => {
    const [ours = '', theirs = '', ourNext = '', theirNext = ''] = pairs.split('\n');
    expect(seen(`${ours}\n${ourNext}\n`)).toEqual(expected);
    expect(seen(`${theirs}\n${ours}\n${theirNext}\n${ourNext}\n`)).toEqual(expected);
    const monteCarlo = '0 3.5 0.500 0.500 0.000\n';
    expect(seen(`${ours}\n${monteCarlo}${ourNext}\n`)).toEqual(expected);
  });

  test.each([
    'hello\n',
    '0 1.5\n',
    '-1 1.5 2\n',
    '0 1 2 3 4\n0 1 2 3 4\n',
    '0 1.5 2.5\n10 1.5 2.5\n',
    `${'9'.repeat(2_000)}`,
    `0 1 2 ${'9'.repeat(2_000)}\n`,
    '0 1 2\nthen words\n',
  ])('a fault, and nothing after it: %j', (text) => {
    const all = seen(text, '\n', pairs);
    expect(all.filter((one) => 'fault' in one)).toHaveLength(1);
    expect(all.at(-1)).toHaveProperty('fault');
  });
});

describe('rest', () => {
  const recent = (...rows: [number, number][]) => {
    const all = new Recent();
    for (const [i, [energy, stretched]] of rows.entries()) all.add({ step: i, energy, stretched });
    return all.restless;
  };

  test('the last five prints decide: an energy that moved by more than 0.01, or stretched bonds that changed', () => {
    expect(recent()).toBe(false);
    expect(recent([5, 0])).toBe(false);
    expect(recent([0.01, 0], [0, 0])).toBe(false);
    expect(recent([0.011, 0], [0, 0])).toBe(true);
    expect(recent([0, 0], [0.02, 0])).toBe(true);
    expect(recent([0, 1], [0, 0])).toBe(true);
    expect(recent([0, 3], [0, 3], [0, 3])).toBe(false);
    expect(recent([9, 7], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0])).toBe(false);
    expect(recent([9, 0], [0, 0], [0, 0], [0, 0], [0, 0])).toBe(true);
    expect(recent([0, 0], [9, 0], [0, 0])).toBe(false);
  });
});

describe('configurations', () => {
  const path = join(folder, 'conf.dat');
  const whole = `${strand(4).dat.replace('t = 0', 't = 70')}\n`;
  const lines = whole.split('\n');

  async function read(text: string, particles = 4) {
    writeFileSync(path, text);
    return await readConfiguration(path, particles);
  }

  test('whole ones, and nothing that is cut anywhere', async () => {
    expect(await read(whole)).toEqual({ step: 70, bytes: Buffer.from(whole) });
    for (let at = 0; at < whole.length; at += 1) expect(await read(whole.slice(0, at))).toBeNull();
  });

  test('too many or too few particles, other columns, words, another header', async () => {
    expect(await read(whole, 3)).toBeNull();
    expect(await read(whole, 5)).toBeNull();
    expect(await read(`${whole}\n`)).toBeNull();
    expect(await read(`${whole}1 2 3`)).toBeNull();
    expect(await read(whole.replace(lines[4] ?? '', '1 2 3'))).toBeNull();
    expect(await read(whole.replace('t = 70', 'time 70'))).toBeNull();
    const nine = whole.replaceAll(' 0 0 0 0 0 0\n', '\n');
    expect((await read(nine))?.step).toBe(70);
  });

  test('the number of nucleotides, in both formats', async () => {
    const topology = join(folder, 'topology.top');
    const count = async (text: string) => {
      writeFileSync(topology, text);
      return await particlesIn(topology);
    };
    expect(await count(strand(12).top)).toBe(12);
    expect(await count('16 1\n1 A -1 1\n')).toBe(16);
    expect(await count('')).toBeNull();
    expect(await count('0 0 5->3\n')).toBeNull();
    expect(await count('many\n')).toBeNull();
  });
});

test('the first ERROR line of a run, however it is cut, and the last lines', () => {
  const path = join(folder, 'oxDNA.log');
  const text = 'INFO: one\nERROR: what went wrong\nERROR: and then this\n';
  for (let at = 1; at < text.length; at += 1) {
    const log = new EngineLog(path);
    log.begins();
    log.take(Buffer.from(text.slice(0, at)));
    log.take(Buffer.from(text.slice(at)));
    expect(log.error).toBe('what went wrong');
    expect(log.lines).toEqual(['INFO: one', 'ERROR: what went wrong', 'ERROR: and then this']);
    log.begins();
    expect(log.error).toBeNull();
    log.close();
  }
  const flood = new EngineLog(path);
  for (let i = 0; i < 100; i += 1) flood.take(Buffer.alloc(1_048_576, 'x'));
  flood.close();
  expect(readFileSync(path).length).toBeLessThan(66 * 1_048_576);
});

test('a series of any length stays small, and ends with its last row', () => {
  let text = '';
  const table = new SeriesTable((more) => {
    text += more;
  });
  for (let step = 0; step <= 3_000_000; step += 1) table.add({ step, energy: -1, stretched: 0 }, 0, 0);
  table.flush();
  const rows = text.trim().split('\n').slice(1);
  expect(rows.length).toBeLessThan(13_000);
  expect(rows[0]).toBe('0 -1 0 0');
  expect(rows.at(-1)).toBe('3000000 -1 0 0');
  const steps = rows.map((row) => Number(row.split(' ')[0]));
  expect(steps).toEqual(steps.toSorted((a, b) => a - b));
});
