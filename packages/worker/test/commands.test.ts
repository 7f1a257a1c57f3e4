import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WireEnd, WireTask } from '@switchyard/sdk/worker-wire.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withFrame } from '../src/runners/commands/exr.ts';
import { numbered } from '../src/runners/commands/files.ts';
import { lineReader } from '../src/runners/commands/lines.ts';
import { splitWords } from '../src/runners/commands/split-words.ts';
import { sleep } from '../src/runners/commands/words.ts';
import { defaultKinds } from '../src/runners/table.ts';
import { FakeSystem } from './lib/fake-system.ts';
import type { Peer } from './lib/scripted-server.ts';
import { eventually, type Pair, processesWith, Yard } from './lib/yard.ts';

let yard: Yard;
beforeEach(() => {
  yard = new Yard();
});
afterEach(() => yard.close());

type Step = readonly [name: string, settings: Record<string, unknown>];

const task = (...steps: Step[]): Partial<WireTask> => ({
  kind: 'debug',
  body: { payload: { commands: steps.map(([name, settings]) => ({ name, settings })) } },
});

async function run(peer: Peer, ...steps: Step[]): Promise<WireEnd> {
  const id = peer.received.length + 100;
  peer.run({ task: id, ...task(...steps) });
  return await peer.got('end', id);
}

const at = (name: string): string => join(yard.folder, name);

/** A program of this name, first on the worker's PATH. */
function program(name: string, script: string): void {
  mkdirSync(at('bin'), { recursive: true });
  writeFileSync(join(at('bin'), name), `#!/bin/sh\n${script}`, { mode: 0o755 });
}
const pair = (): Promise<Pair> => yard.pair({}, { environment: { ...process.env, PATH: `${at('bin')}:/usr/bin:/bin` } });

const kinds = ['sleep', 'debug', 'file-management', 'blender-render', 'exr-merge', 'video-encoding'];

describe('which kinds are offered', () => {
  test('those whose programs are there', () => {
    mkdirSync(at('bin'));
    const offered = () => defaultKinds({ PATH: at('bin') });
    expect(offered().filter((kind) => kinds.includes(kind))).toEqual(['sleep', 'debug', 'file-management']);
    program('blender', 'true');
    expect(offered()).toEqual(expect.arrayContaining(['blender-render', 'exr-merge']));
    expect(offered()).not.toContain('video-encoding');
    program('ffmpeg', 'true');
    expect(offered()).toEqual(expect.arrayContaining(kinds));
    expect(defaultKinds({})).not.toContain('blender-render');
  });
});

describe('a list of commands', () => {
  test('runs in order, its own words in the stream log, output of programs in theirs', async () => {
    const { peer } = await pair();
    const end = await run(
      peer,
      ['echo', { message: 'hello' }],
      ['sleep', { time_in_seconds: 0 }],
      ['exec', { cmd: "echo 'a b' c\\ d" }],
    );
    expect(end).toMatchObject({ outcome: 'succeeded', exitCode: 0 });
    expect(peer.output(end.task)).toBe('a b c d\n');
    const log = peer.output(end.task, 'log');
    expect(log).toMatch(/^echo \(1 of 3\)\nhello\nsleep \(2 of 3\)\nexec \(3 of 3\)\necho 'a b' 'c d'\n$/);
    expect(peer.all('report').at(-1)).toMatchObject({ phase: 'exec', progress: { done: 2, total: 3, unit: 'commands' } });
  });

  test('the first failure ends it, with the exit code', async () => {
    const { peer } = await pair();
    const end = await run(peer, ['exec', { cmd: 'sh -c "exit 3"' }], ['echo', { message: 'never' }]);
    expect(end).toMatchObject({
      outcome: 'failed',
      reason: 'exit',
      exitCode: 3,
      error: expect.stringContaining('exit code 3 on tester'),
    });
    expect(peer.output(end.task, 'log')).not.toContain('never');
  });

  test('none at all succeeds; what is not a list is handed back', async () => {
    const { peer } = await pair();
    expect(await run(peer)).toMatchObject({ outcome: 'succeeded' });
    peer.run({ task: 9, kind: 'debug', body: { payload: { argv: ['true'] } } });
    expect(await peer.got('give-back', 9)).toMatchObject({ how: 'reject' });
  });

  test('unknown commands and wrong settings fail at once, and say which; null counts as absent', async () => {
    const { peer } = await pair();
    const error = async (name: string, settings: Record<string, unknown>) => (await run(peer, [name, settings])).error;
    expect(await error('nix', {})).toMatch(/does not know the command "nix"; it knows echo, /);
    expect(await error('constructor', {})).toContain('does not know');
    expect(await error('echo', {})).toBe('echo: the setting message is missing');
    expect(await error('echo', { message: null })).toBe('echo: the setting message is missing');
    expect(await error('echo', { message: 7 })).toMatch(/^echo: the setting message must be string/);
    expect(await error('sleep', { time_in_seconds: '1' })).toContain('time_in_seconds');
    expect(await error('log_a_lot', { lines: null, else: 1 })).toBeNull();
    expect(await error('exec', { cmd: "echo 'open" })).toContain('a quote is not closed');
    expect(await error('exec', { cmd: '  ' })).toContain('no program');
    expect(await error('exec', { cmd: 'no-such-program-at-all' })).toContain('no-such-program-at-all');
  });

  test('a stop ends what runs and starts nothing more; a sleep too', async () => {
    const { peer } = await pair();
    const mark = `77.${process.pid}`;
    peer.run({
      task: 1,
      ...task(['exec', { cmd: `sleep ${mark}` }], ['create_python_file', { filepath: at('late.py'), contents: '' }]),
    });
    peer.run({
      task: 2,
      ...task(['sleep', { time_in_seconds: 3_600 }], ['create_python_file', { filepath: at('late.py'), contents: '' }]),
    });
    await eventually(() => processesWith(mark).length > 0);
    peer.say({ m: 'kill', task: 1, attempt: 1 }, { m: 'kill', task: 2, attempt: 1 });
    expect(await peer.got('end', 1)).toMatchObject({ outcome: 'failed', reason: 'signal', signal: 'SIGTERM' });
    await peer.got('end', 2);
    expect(processesWith(mark)).toEqual([]);
    expect(existsSync(at('late.py'))).toBe(false);
  });

  test('a long sleep says once a minute that it lives', async () => {
    const system = new FakeSystem();
    const said: number[] = [];
    const context = { system, stop: new AbortController().signal, progress: (done: number) => said.push(done) };
    const slept = sleep.run({ time_in_seconds: 150 }, context as never);
    for (let i = 0; i < 150; i++) {
      system.turn(1_000);
      await Promise.resolve();
    }
    expect(await slept).toBeNull();
    expect(said).toEqual([0, 60, 120]);
    expect(system.timers).toBe(0);
  });

  test('several at once take no more than the slots', async () => {
    const { peer } = await pair();
    // Four slots: each waits until all four are there, a fifth would be handed back.
    const wait = `sh -c 'touch ${at('here')}.$SWITCHYARD_TASK; until [ "$(ls ${yard.folder} | grep -c here)" -ge 4 ]; do sleep 0.02; done'`;
    const runs = [1, 2, 3, 4].map((id) => ({ task: id, ...task(['exec', { cmd: wait }]) }));
    peer.run(...runs, { task: 5, ...task(['exec', { cmd: wait }]) });
    expect(await peer.got('give-back', 5)).toMatchObject({ how: 'defer' });
    for (const { task: id } of runs) expect(await peer.got('end', id)).toMatchObject({ outcome: 'succeeded' });
  });
});

describe('files (flamenco §6.1)', () => {
  const text = (name: string): string => readFileSync(at(name), 'utf8');

  test('create_python_file makes the folder; only .py', async () => {
    const { peer } = await pair();
    expect(await run(peer, ['create_python_file', { filepath: at('a/b/x.py'), contents: 'é' }])).toMatchObject({
      outcome: 'succeeded',
    });
    expect(text('a/b/x.py')).toBe('é');
    expect((await run(peer, ['create_python_file', { filepath: at('x.sh'), contents: '' }])).error).toContain(
      'does not end with .py',
    );
    expect((await run(peer, ['create_python_file', { filepath: 'x.py', contents: '' }])).error).toContain('not an absolute path');
  });

  test('copy_file replaces, keeps the mode, makes the folder, shows the picture', async () => {
    const { peer, server } = await pair();
    writeFileSync(at('a.png'), 'new', { mode: 0o750 });
    mkdirSync(at('d'));
    writeFileSync(at('d/b.png'), 'old and longer');
    await run(peer, ['copy_file', { src: at('a.png'), dest: at('d/b.png') }]);
    expect(text('d/b.png')).toBe('new');
    expect(statSync(at('d/b.png')).mode & 0o777).toBe(0o750);
    expect(server.images.map(({ bytes }) => bytes.toString())).toEqual(['new']);
    await run(peer, ['copy_file', { src: at('a.png'), dest: at('e/f/a.exr') }]);
    expect(text('e/f/a.exr')).toBe('new');
    expect(server.images).toHaveLength(1);
    const end = await run(peer, ['copy_file', { src: at('nix.png'), dest: at('x.png') }]);
    expect(end.error).toBe(`tester does not see the file ${at('nix.png')}: is its folder mounted there, under the same name?`);
    expect((await run(peer, ['copy_file', { src: at('a.png'), dest: at('a.png') }])).error).toContain('itself');
    expect(text('a.png')).toBe('new');
  });

  test('move_out_of_way adds the time of the last change, and a number where that is taken', async () => {
    const { peer } = await pair();
    const when = new Date('2026-03-04T05:06:07.891Z');
    for (let i = 0; i < 3; i++) {
      mkdirSync(at('out'));
      writeFileSync(at('out/file'), String(i));
      utimesSync(at('out'), when, when);
      await run(peer, ['move_out_of_way', { src: at('out') }]);
    }
    expect(text('out-2026-03-04_050607/file')).toBe('0');
    expect(text('out-2026-03-04_050607~1/file')).toBe('1');
    expect(text('out-2026-03-04_050607~2/file')).toBe('2');
    expect(await run(peer, ['move_out_of_way', { src: at('out') }])).toMatchObject({ outcome: 'succeeded' });
  });

  test('move_to_final keeps what was there; done twice it does nothing; with neither there it names the path and the worker', async () => {
    const { peer } = await pair();
    const when = new Date('2026-03-04T05:06:07Z');
    mkdirSync(at('frames'));
    writeFileSync(at('frames/1'), 'new');
    mkdirSync(at('final'));
    writeFileSync(at('final/1'), 'old');
    utimesSync(at('final'), when, when);
    const move: Step = ['move_to_final', { src: at('frames'), dest: at('final') }];
    expect(await run(peer, move)).toMatchObject({ outcome: 'succeeded' });
    expect(text('final/1')).toBe('new');
    expect(text('final-2026-03-04_050607/1')).toBe('old');
    expect(await run(peer, move)).toMatchObject({ outcome: 'succeeded' });
    expect(text('final/1')).toBe('new');
    const neither = await run(peer, ['move_to_final', { src: at('nix'), dest: at('nowhere') }]);
    expect(neither.error).toContain(`tester does not see the folder ${at('nix')}`);
  });

  test('move_with_counter never writes over a file', async () => {
    const { peer } = await pair();
    writeFileSync(at('video_001.mkv'), 'old');
    for (const content of ['a', 'b']) {
      writeFileSync(at('x'), content);
      await run(peer, ['move_with_counter', { src: at('x'), dest: at('video.mkv') }]);
    }
    expect([text('video_001.mkv'), text('video_002.mkv'), text('video_003.mkv')]).toEqual(['old', 'a', 'b']);
    expect(existsSync(at('x'))).toBe(false);
    expect((await run(peer, ['move_with_counter', { src: at('x'), dest: at('video.mkv') }])).error).toContain(
      'does not see the file',
    );
  });

  test('several at once get a number each', async () => {
    const { peer } = await pair();
    const ids = [1, 2, 3, 4];
    for (const id of ids) writeFileSync(at(`x${id}`), String(id));
    peer.run(...ids.map((id) => ({ task: id, ...task(['move_with_counter', { src: at(`x${id}`), dest: at('video.mkv') }]) })));
    for (const id of ids) expect(await peer.got('end', id)).toMatchObject({ outcome: 'succeeded' });
    expect(ids.map((n) => text(`video_00${n}.mkv`)).sort()).toEqual(['1', '2', '3', '4']);
  });

  test('the counter stands after leading digits', () => {
    expect(numbered('2018_12_06-spring.mkv', 1)).toBe('2018_12_06_001-spring.mkv');
    expect(numbered('01_shot.mkv', 12)).toBe('01_012_shot.mkv');
    expect(numbered('spring.tar.gz', 1)).toBe('spring.tar_001.gz');
    expect(numbered('spring', 1)).toBe('spring_001');
    expect(numbered('1.mkv', 1_000)).toBe('1_1000.mkv');
  });

  test('remove_tree and remove_file: absent is fine, links are not followed, a folder is no file', async () => {
    const { peer } = await pair();
    mkdirSync(at('keep'));
    writeFileSync(at('keep/file'), '');
    mkdirSync(at('tree/deep'), { recursive: true });
    symlinkSync(at('keep'), at('tree/link'));
    expect(await run(peer, ['remove_tree', { path: at('tree') }], ['remove_tree', { path: at('tree') }])).toMatchObject({
      outcome: 'succeeded',
    });
    expect(existsSync(at('tree'))).toBe(false);
    expect(readdirSync(at('keep'))).toEqual(['file']);
    expect((await run(peer, ['remove_file', { path: at('keep') }])).error).toContain('is a folder');
    expect(await run(peer, ['remove_file', { path: at('keep/file') }], ['remove_file', { path: at('keep/file') }])).toMatchObject(
      { outcome: 'succeeded' },
    );
    expect(readdirSync(at('keep'))).toEqual([]);
    for (const path of ['/', '/usr/..', '//'])
      expect((await run(peer, ['remove_tree', { path }])).error).toContain('is everything');
  });
});

describe('Blender', () => {
  /** Says its arguments on standard error, then what the script says. */
  const fake = (script: string): void => program('blender', `for word in "$@"; do echo "<$word>" >&2; done\n${script}`);
  const words = (peer: Peer, id: number): string[] =>
    [...peer.output(id, 'err').matchAll(/<([^>]*)>/gs)].map((match) => match[1] ?? '');
  const render = (more: Record<string, unknown> = {}): Step => [
    'blender_render',
    { blender_cmd: 'blender', filepath: at('a.blend'), render_output: at('out/######'), frames: '1..3', ...more },
  ];

  beforeEach(() => writeFileSync(at('a.blend'), ''));

  test('the command line, in order; formats in the names of the command line', async () => {
    fake(`echo "Saved: '/x/000001.exr'"`);
    const { peer } = await pair();
    const end = await run(peer, render({ blender_cmd: 'blender --debug "a b"', format: 'OPEN_EXR', python_expr: 'pass' }));
    expect(end).toMatchObject({ outcome: 'succeeded' });
    expect(words(peer, end.task)).toEqual([
      ...['--debug', 'a b', '--enable-autoexec', '-noaudio', '--background', at('a.blend')],
      ...['--python-expr', 'pass', '--render-output', at('out/######'), '--render-format', 'EXR', '--render-frame', '1..3'],
    ]);
    expect(existsSync(at('out'))).toBe(true);
    writeFileSync(at('a-overrides.py'), '');
    const second = await run(peer, render({ format: 'OPEN_EXR_MULTILAYER', render_output: null }));
    expect(words(peer, second.task)).toEqual([
      ...['--enable-autoexec', '-noaudio', '--background', at('a.blend'), '--python-exit-code', '42'],
      ...['--python', at('a-overrides.py'), '--render-format', 'MULTILAYER', '--render-frame', '1..3'],
    ]);
  });

  test('frames are counted as they are saved, and the newest picture is shown', async () => {
    const frames = [1, 2, 3].map(
      (n) => `echo "Fra:${n} Mem:1M | Sample 1/4"; printf p${n} > ${at(`${n}.png`)}; echo "Saved: '${at(`${n}.png`)}'"`,
    );
    fake(frames.join('\n'));
    const { peer, server } = await pair();
    const end = await run(peer, render());
    const reports = peer.all('report').filter(({ task: id }) => id === end.task);
    expect(reports.at(-1)).toMatchObject({ progress: { done: 3, total: 3, unit: 'frames' }, phase: 'blender_render, frame 3' });
    expect(server.images.map(({ task: id }) => id)).toEqual(server.images.map(() => end.task));
    expect(server.images.at(-1)?.bytes.toString()).toBe('p3');
    expect(server.images.length).toBeLessThanOrEqual(2);
  });

  test('what it says is not cut: a line may come in pieces, or with a carriage return', () => {
    const lines: string[] = [];
    const read = lineReader((line) => lines.push(line));
    for (const piece of ['Sav', "ed: 'a", ".png'\nFra:1\rFra:2\r", '\nrest é'.slice(0, 3), 'x\n']) read(Buffer.from(piece));
    expect(lines).toEqual(["Saved: 'a.png'", 'Fra:1', 'Fra:2', '', 'rex']);
  });

  test('a file that it does not see, and a program that is not there, are named with the worker', async () => {
    fake('true');
    const { peer } = await pair();
    const unseen = await run(peer, render({ filepath: at('nix.blend') }));
    expect(unseen).toMatchObject({
      outcome: 'failed',
      error: `tester does not see the blend file ${at('nix.blend')}: is its folder mounted there, under the same name?`,
    });
    const missing = async (blender_cmd: string) => (await run(peer, render({ blender_cmd }))).error;
    expect(await missing('nixblender -b')).toBe('blender_cmd: nixblender is not on the PATH of tester');
    expect(await missing('/opt/nix/blender')).toBe('blender_cmd: there is no program /opt/nix/blender on tester');
    expect(await missing('{blender}')).toContain('no variable of this name');
  });

  test('no frame saved is no success, even if Blender says so; movies and frames that are there are', async () => {
    const { peer } = await pair();
    fake('echo "Fra:1 Mem:1M"');
    expect((await run(peer, render())).error).toMatch(/saved no frame of 1\.\.3/);
    fake('echo "Append frame 1"');
    expect(await run(peer, render())).toMatchObject({ outcome: 'succeeded' });
    fake(`echo "skipping existing frame '/x/1.png'"`);
    expect(await run(peer, render())).toMatchObject({ outcome: 'succeeded' });
    fake('exit 7');
    expect(await run(peer, render())).toMatchObject({ outcome: 'failed', reason: 'exit', exitCode: 7 });
  });

  test('progressive: arguments for old Blenders, a script for those that have a setting', async () => {
    fake(`echo "Saved: '/x/000001.exr'"`);
    const { peer } = await pair();
    const chunks = { cycles_num_chunks: 8, cycles_chunk_start: 3, cycles_chunk_end: 4 };
    const { task: id } = await run(peer, ['blender_render_progressive', { ...(render()[1] as object), ...chunks }]);
    const line = words(peer, id);
    expect(line.slice(-7)).toEqual([
      '--',
      '--cycles-resumable-num-chunks',
      '8',
      '--cycles-resumable-start-chunk',
      '3',
      '--cycles-resumable-end-chunk',
      '4',
    ]);
    expect(line.find((word) => word.includes('sample_offset'))).toMatch(/sample_offset = 2\n.*samples = 2/);
    const old = await run(peer, ['blender_render_progressive', { ...(render()[1] as object), cycles_chunk: 1 }]);
    expect(old.error).toContain('cycles_num_chunks');
    const unfit = await run(peer, ['blender_render_progressive', { ...(render()[1] as object), ...chunks, cycles_chunk_end: 9 }]);
    expect(unfit.error).toContain('chunks 3 to 9 of 8 are none');
  });

  test('numbers of frames as Blender writes them', () => {
    expect(withFrame('/a##/f_####.exr', 7)).toBe('/a##/f_0007.exr');
    expect(withFrame('f_####.exr', -7)).toBe('f_-007.exr');
    expect(withFrame('f_##', 1_234)).toBe('f_1234');
  });
});

describe('ffmpeg', () => {
  const fake = (): void =>
    program(
      'ffmpeg',
      `for word in "$@"; do echo "<$word>"; last="$word"; done; cat files.txt > "$last" 2>/dev/null; printf 'frame=    2 fps=0\\r' >&2`,
    );
  const words = (peer: Peer, id: number): string[] => [...peer.output(id).matchAll(/<([^>]*)>/g)].map((match) => match[1] ?? '');

  test('create_video: pictures by name, whatever is in their names; H.264 for every player', async () => {
    fake();
    const { peer } = await pair();
    mkdirSync(at("in'[1]"));
    for (const name of ['2.png', '10.png', '1.png', 'x.jpg']) writeFileSync(join(at("in'[1]"), name), '');
    const end = await run(peer, [
      'create_video',
      { input_files: join(at("in'[1]"), '*.png'), output_file: at('o/v.mkv'), fps: 25 },
    ]);
    expect(end).toMatchObject({ outcome: 'succeeded' });
    const line = words(peer, end.task).join(' ');
    expect(line).toContain('-c:v libx264 -crf 20 -g 18');
    expect(line).toContain('-pix_fmt yuv420p -r 25');
    expect(line).toMatch(/-y .*v\.mkv$/);
    const list = readFileSync(at('o/v.mkv'), 'utf8');
    expect([...list.matchAll(/(\d+)\.png'/g)].map((match) => match[1])).toEqual(['1', '10', '2']);
    expect(list).toContain(`in'\\''[1]/1.png'\nduration 0.04`);
    const none = await run(peer, ['create_video', { input_files: at('nix/*.png'), output_file: at('v.mkv'), fps: 25 }]);
    expect(none.error).toContain(`tester does not see any picture like ${at('nix/*.png')}`);
  });

  test('concatenate_videos, mux_audio and encode_audio', async () => {
    fake();
    const { peer } = await pair();
    for (const name of ['b.mkv', 'a.mkv', 'out.mkv', 's.m4a']) writeFileSync(at(name), '');
    const joined = await run(peer, ['concatenate_videos', { input_files: at('*.mkv'), output_file: at('out.mkv') }]);
    expect(readFileSync(at('out.mkv'), 'utf8').match(/\w\.mkv/g)).toEqual(['a.mkv', 'b.mkv']);
    expect(words(peer, joined.task).join(' ')).toContain('-c copy');
    const muxed = await run(peer, ['mux_audio', { audio_file: at('s.m4a'), video_file: at('a.mkv'), output_file: at('m.mkv') }]);
    expect(words(peer, muxed.task).join(' ')).toContain(`-i ${at('s.m4a')} -i ${at('a.mkv')} -map 0:a -map 1:v -c copy`);
    const lost = await run(peer, ['mux_audio', { audio_file: at('nix.m4a'), video_file: at('a.mkv'), output_file: at('m.mkv') }]);
    expect(lost.error).toContain('does not see the file');
    const encode = { input_file: at('s.m4a'), output_file: at('s.aac'), codec: 'aac', bitrate: '192k' };
    const encoded = await run(peer, ['encode_audio', encode]);
    expect(words(peer, encoded.task).join(' ')).toContain('-c:a aac -b:a 192k');
    expect((await run(peer, ['encode_audio', { ...encode, codec: 'aac -x' }])).error).toContain('codec');
  });
});

describe('words of a command line', () => {
  test('as a POSIX shell splits them, and nothing else of it', () => {
    expect(splitWords(`a  'b c' "d e" f\\ g h"i"'j'`)).toEqual(['a', 'b c', 'd e', 'f g', 'hij']);
    expect(splitWords(`"a\\"b\\\\c\\d" '\\' ""`)).toEqual(['a"b\\c\\d', '\\', '']);
    expect(splitWords('$HOME `x` *.png ; | & #no')).toEqual(['$HOME', '`x`', '*.png', ';', '|', '&', '#no']);
    expect(splitWords('\n\t ')).toEqual([]);
    for (const open of [`'a`, `"a`, `a\\`, `"a\\"`]) expect(splitWords(open)).toBeNull();
  });
});
