import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readConfigFile } from '../../src/config/config-file.ts';
import { dataDirOf } from '../../src/config/data-dir.ts';
import { nearest } from '../../src/config/nearest.ts';
import { optionGroups, optionNames, rowOf } from '../../src/config/options.ts';
import { parseValue } from '../../src/config/parse-value.ts';
import { resolveSettings, type Sources } from '../../src/config/settings.ts';
import { flagOf, valueText, variableOf } from '../../src/config/spelling.ts';

const sources = (some: Partial<Sources>): Sources => ({ flags: {}, env: {}, file: null, ...some });
const file = (content: Record<string, unknown>) => ({ path: '/etc/switchyard.toml', content });

function settled(some: Partial<Sources>) {
  const resolved = resolveSettings(sources(some));
  if (resolved.problems !== undefined) throw new Error(resolved.problems.join('\n'));
  return resolved;
}
const problems = (some: Partial<Sources>): readonly string[] => resolveSettings(sources(some)).problems ?? [];

describe('the options table', () => {
  it('has no two options with the same flag or variable', () => {
    expect(new Set(optionNames.map(flagOf)).size).toBe(optionNames.length);
    expect(new Set(optionNames.map(variableOf)).size).toBe(optionNames.length);
  });

  it('has defaults that its own checks accept, in words that read back', () => {
    for (const name of optionNames) {
      const row = rowOf(name);
      expect(Object.keys(optionGroups)).toContain(row.group);
      if (row.default === null) continue;
      expect([name, parseValue(valueText(row, row.default), row)]).toEqual([name, { value: row.default }]);
    }
  });
});

describe('precedence', () => {
  it('is flag, variable, file, default', () => {
    const all = { flags: { port: '1' }, env: { SWITCHYARD_PORT: '2' }, file: file({ port: 3 }) };
    expect(settled(all).settings.port).toBe(1);
    expect(settled({ ...all, flags: {} }).settings.port).toBe(2);
    expect(settled({ file: file({ port: 3 }) }).settings.port).toBe(3);
    expect(settled({}).settings.port).toBe(8080);
    expect(settled(all).origins.port).toBe('flag');
    expect(settled({}).origins.port).toBe('default');
  });

  it('reads sections of the file and lists of every spelling', () => {
    const { settings } = settled({ file: file({ kueue: { secret: 's', port: 0 }, host: ['::1', '10.0.0.1'] }) });
    expect(settings['kueue.secret']).toBe('s');
    expect(settings['kueue.port']).toBe(0);
    expect(settings.host).toEqual(['::1', '10.0.0.1']);
    expect(settled({ env: { SWITCHYARD_HOST: '::1, 10.0.0.1' } }).settings.host).toEqual(['::1', '10.0.0.1']);
  });
});

describe('bad input stops the start with a sentence', () => {
  it('names an unknown variable and the nearest', () => {
    expect(problems({ env: { SWITCHYARD_PROT: '1' } })).toEqual([
      'The environment variable SWITCHYARD_PROT is not known; did you mean SWITCHYARD_PORT?',
    ]);
  });

  it('leaves alone the variables of tasks and of the command line', () => {
    expect(problems({ env: { SWITCHYARD_TASK: '1', SWITCHYARD_TOKEN: 'x', PATH: '/bin' } })).toEqual([]);
  });

  it('names an unknown key of the file and the nearest', () => {
    expect(problems({ file: file({ kueue: { worker_timeout: '1s' } }) })).toEqual([
      '/etc/switchyard.toml: "kueue.worker_timeout" is not an option; did you mean kueue.worker-timeout?',
    ]);
  });

  it('tells all problems at once', () => {
    const found = problems({
      flags: { port: '70000' },
      env: { SWITCHYARD_DURABILITY: 'ful' },
      file: file({ open: ['dnaforg'] }),
    });
    expect(found).toEqual([
      '--port must be between 0 and 65535, not "70000"',
      'SWITCHYARD_DURABILITY must be one of full, normal; did you mean full?, not "ful"',
      '/etc/switchyard.toml: open does not know "dnaforg"; did you mean dnaforge?',
    ]);
  });

  it.each([
    ['port', 'x', 'must be a whole number'],
    ['port', '-1', 'must be between'],
    ['port', '1.5', 'must be a whole number'],
    ['local-worker', 'maybe', 'must be on or off'],
    ['kueue.worker-timeout', '30', 'must be a time with its unit'],
    ['kueue.worker-timeout', '3 parsecs', 'must be a time with its unit'],
    ['log-cap', '1', 'must be between 64KiB and 1TiB'],
    ['log-cap', 'much', 'must be a size'],
    ['kueue.secret', '', 'must not be empty'],
  ] as const)('%s = %s', (name, raw, text) => {
    expect(problems({ flags: { [name]: raw } })[0]).toContain(text);
  });

  it('never repeats a secret, and warns of one on the command line', () => {
    expect(problems({ file: file({ kueue: { secret: 12345 } }) }).join()).not.toContain('12345');
    expect(settled({ flags: { 'kueue.secret': 'hidden' } }).warnings.join()).toContain('SWITCHYARD_KUEUE_SECRET');
    expect(settled({ flags: { 'kueue.secret': 'hidden' } }).warnings.join()).not.toContain('hidden');
  });
});

describe('values', () => {
  it.each([
    ['kueue.worker-timeout', '1h30m', 5_400_000],
    ['kueue.worker-timeout', '90s', 90_000],
    ['local-worker-orphan-after', '0', 0],
    ['log-cap', '64KiB', 65_536],
    ['log-cap', '2m', 2 * 1024 * 1024],
    ['log-cap', '1MB', 1_000_000],
    ['local-worker', 'no', false],
  ] as const)('%s = %s', (name, raw, value) => {
    expect(settled({ flags: { [name]: raw } }).settings[name]).toBe(value);
  });

  it('finds what was meant, and nothing where nothing is near', () => {
    expect(nearest('wokrer', ['worker', 'order'])).toBe('worker');
    expect(nearest('zzzzzz', ['worker', 'order'])).toBeNull();
  });
});

describe('places', () => {
  const made: string[] = [];
  afterEach(async () => {
    for (const dir of made.splice(0)) await rm(dir, { recursive: true, force: true });
  });
  async function temp(): Promise<string> {
    const dir = await mkdtemp(join(tmpdir(), 'switchyard-config-'));
    made.push(dir);
    return dir;
  }

  it('DATA: flag, variable, XDG_DATA_HOME, home', () => {
    expect(dataDirOf('/a', { SWITCHYARD_DATA: '/b' })).toBe('/a');
    expect(dataDirOf(undefined, { SWITCHYARD_DATA: '/b' })).toBe('/b');
    expect(dataDirOf(undefined, { XDG_DATA_HOME: '/x', HOME: '/h' })).toBe('/x/switchyard');
    expect(dataDirOf(undefined, { XDG_DATA_HOME: 'relative', HOME: '/h' })).toBe('/h/.local/share/switchyard');
  });

  it('no file is fine unless it was named', async () => {
    const dir = await temp();
    expect(await readConfigFile(undefined, dir)).toEqual({ file: null });
    expect(await readConfigFile(join(dir, 'other.toml'), dir)).toHaveProperty('problem');
  });

  it('reads the file, and says where it is not TOML', async () => {
    const dir = await temp();
    await writeFile(join(dir, 'switchyard.toml'), 'port = 0\n[kueue]\nenabled = false\n');
    const read = await readConfigFile(undefined, dir);
    expect(read).toMatchObject({ file: { content: { port: 0, kueue: { enabled: false } } } });
    await writeFile(join(dir, 'switchyard.toml'), 'port = 0\nport: 1\n');
    expect(await readConfigFile(undefined, dir)).toMatchObject({ problem: expect.stringContaining('switchyard.toml:2:') });
  });
});
