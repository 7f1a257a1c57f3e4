import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  commandsBody,
  contract,
  expand,
  expandBody,
  expandCommands,
  lookupIn,
  ownTools,
  platformOf,
  platforms,
  translate,
  unknownNames,
  usualPlaces,
  type Variable,
  type Variables,
  valueFor,
} from '../../src/domain/variables.ts';

const one = (value: string, more: Partial<Variable['values'][number]> = {}): Variable['values'][number] => ({
  platforms,
  audience: 'all',
  value,
  ...more,
});
const render: Variable = {
  direction: 'twoway',
  values: [
    one('/mnt/render/', { platforms: ['linux'] }),
    one('R:\\', { platforms: ['windows'] }),
    one('/Volumes/render', { platforms: ['darwin'], audience: 'workers' }),
    one('/Users/ada/render', { platforms: ['darwin'], audience: 'users' }),
  ],
};
const book: Variables = new Map([
  ['render', render],
  ['blender', { direction: 'oneway', values: [one('/opt/{render}/blender')] }],
  [
    'shots',
    { direction: 'twoway', values: [one('/mnt/render/shots', { platforms: ['linux'] }), one('S:/', { platforms: ['windows'] })] },
  ],
]);
const on = (platform: 'linux' | 'windows' | 'darwin', audience: 'workers' | 'users' = 'workers') =>
  lookupIn([book], audience, platform);
const nowhere = { value: null, index: null };

describe('variables', () => {
  it('flamenco §9.23 each platform has its own values; for exactly this audience goes before all', () => {
    expect(expand('{render}/a', on('linux'))).toBe('/mnt/render/a');
    expect(expand('{render}/a', on('windows'))).toBe('R:/a');
    expect(expand('{render}/a', on('darwin'))).toBe('/Volumes/render/a');
    expect(expand('{render}/a', on('darwin', 'users'))).toBe('/Users/ada/render/a');
    const both: Variable = { direction: 'oneway', values: [one('all'), one('mine', { audience: 'workers' })] };
    expect(valueFor(both, 'workers', 'linux')).toBe('mine');
    expect(valueFor(both, 'users', 'linux')).toBe('all');
  });

  it('every occurrence, in one pass; unknown names stay', () => {
    expect(expand('{blender} {blender}', on('linux'))).toBe('/opt/{render}/blender /opt/{render}/blender');
    expect(expand('{nix} {} {1} { render} {render', on('linux'))).toBe('{nix} {} {1} { render} {render');
    expect(expand('$&{render}$1', on('linux'))).toBe('$&/mnt/render$1');
    expect(unknownNames('{render}{nix}{nix}{item}', (name) => book.has(name))).toEqual(['nix', 'item']);
  });

  it('only strings directly in settings: no keys, nothing nested', () => {
    const settings = { '{render}': '{render}', list: ['{render}'], inner: { path: '{render}' }, n: 1, no: null };
    const [command] = expandCommands([{ name: '{render}', settings }], on('linux'), nowhere);
    expect(command).toEqual({ name: '{render}', settings: { ...settings, '{render}': '/mnt/render' } });
  });

  it("an array's task knows its item and index; others leave them", () => {
    const body = commandsBody([{ name: 'blender_render', settings: { frames: '{item}', log: '{index}' } }]);
    const seen = (place: { value: string | null; index: number | null }) =>
      JSON.parse(expandBody(body, on('linux'), place)).payload.commands[0].settings;
    expect(seen({ value: '1..3', index: 0 })).toEqual({ frames: '1..3', log: '0' });
    expect(seen({ value: null, index: 4 })).toEqual({ frames: '4', log: '4' });
    expect(seen(nowhere)).toEqual({ frames: '{item}', log: '{index}' });
  });

  it('bodies of other families pass byte by byte', () => {
    const body = '{"payload":{"argv":["echo","{render}"]}}';
    expect(expandBody(body, on('linux'), nowhere)).toBe(body);
  });

  it('a path below a two-way folder is stored by its name, whichever platform wrote it', () => {
    const stored = (path: string, platform: 'linux' | 'windows' | 'darwin' | null = null) =>
      contract(path, book, 'users', platform);
    expect(stored('/mnt/render/x/a.blend')).toBe('{render}/x/a.blend');
    expect(stored('/mnt/render')).toBe('{render}');
    expect(stored('/mnt/rendered/a.blend')).toBe('/mnt/rendered/a.blend');
    expect(stored('/mnt/render/shots/a.blend')).toBe('{shots}/a.blend');
    expect(stored('r:\\x\\a.blend')).toBe('{render}/x/a.blend');
    expect(stored('R:/x/a.blend', 'windows')).toBe('{render}/x/a.blend');
    expect(stored('/Users/ada/render/a.blend', 'darwin')).toBe('{render}/a.blend');
    expect(stored('/Users/ada/render/a.blend', 'linux')).toBe('/Users/ada/render/a.blend');
    // Case matters on Linux.
    expect(stored('/MNT/render/a.blend')).toBe('/MNT/render/a.blend');
    // A one-way variable is never read backwards.
    expect(stored('/opt/{render}/blender')).toBe('/opt/{render}/blender');
  });

  it('a path that one platform wrote is found by another', () => {
    const from = { audience: 'workers', platform: 'windows' } as const;
    expect(translate('R:\\shot\\0001.png', book, from, { audience: 'all', platform: 'linux' })).toBe('/mnt/render/shot/0001.png');
    expect(translate('C:\\else\\0001.png', book, from, { audience: 'all', platform: 'linux' })).toBe('C:\\else\\0001.png');
  });

  it('there and back again: what was submitted is what a worker of the same platform opens', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9_ .-]{1,12}$/);
    fc.assert(
      fc.property(
        fc.array(name, { minLength: 1, maxLength: 4 }),
        fc.constantFrom('/mnt/render', '/mnt/render/shots', '/home'),
        (parts, root) => {
          const path = [root, ...parts].join('/');
          expect(expand(contract(path, book, 'users', 'linux'), on('linux'))).toBe(path);
        },
      ),
    );
  });

  it('programs that nobody set: found by ours, in their usual place for others', () => {
    expect(lookupIn([book, ownTools], 'workers', 'linux')('ffmpeg')).toBe('ffmpeg');
    expect(lookupIn([new Map(), ownTools], 'workers', 'linux')('blender')).toBe('blender');
    expect(lookupIn([new Map(), usualPlaces], 'workers', 'linux')('blender')).toBe('/usr/bin/blender');
    expect(lookupIn([book, usualPlaces], 'workers', 'linux')('blender')).toBe('/opt/{render}/blender');
  });

  it('knows platforms by what Node, Flamenco and systems call them', () => {
    const known = ['linux', 'Linux 6.1', 'win32', 'Windows_NT 10', 'windows', 'darwin', 'Darwin 24', 'freebsd', 7, null];
    expect(known.map(platformOf)).toEqual([
      'linux',
      'linux',
      'windows',
      'windows',
      'windows',
      'darwin',
      'darwin',
      null,
      null,
      null,
    ]);
  });
});
