import { describe, expect, it } from 'vitest';
import type { TaskPlan } from '../../src/domain/plan.ts';
import { commandsIn, type Variables } from '../../src/domain/variables.ts';
import { compile, looksAround } from '../../src/kinds/index.ts';
import type { Around } from '../../src/kinds/kind-row.ts';

const render: Variables = new Map([
  [
    'render',
    {
      direction: 'twoway',
      values: [
        { platforms: ['linux'], audience: 'all', value: '/mnt/render' },
        { platforms: ['windows'], audience: 'all', value: 'R:' },
      ],
    },
  ],
]);
const around: Around = {
  now: Date.UTC(2026, 10, 21, 15, 4, 5),
  variables: new Map(),
  offers: () => true,
  worker: () => null,
  ends: null,
};
const noVideo: Around = { ...around, offers: (kind) => kind !== 'video-encoding' };
const stamp = '2026-11-21_150405';

const base = {
  filepath: '/r/shot.flamenco.blend',
  render_output: '/r/out/frame_######',
  frames: '1-8',
  chunk_size: 3,
  format: 'PNG',
};
const made = (kind: string, more: object = {}, where = around) => compile({ kind, spec: { ...base, ...more } } as never, where);
const simple = (more: object = {}, where = around) => made('blender-render', more, where);

function tasksOf(result: ReturnType<typeof compile>): readonly TaskPlan[] {
  if (result.refusal !== undefined) throw new Error(result.refusal.detail);
  return result.value.tasks;
}
function refusalOf(result: ReturnType<typeof compile>): string {
  if (result.refusal === undefined) throw new Error('it was accepted');
  return `${result.refusal.at}: ${result.refusal.detail}`;
}
const commandsOf = (task: TaskPlan | undefined) => commandsIn(task?.body ?? '') ?? [];
/** Tasks as `key [kind] <- parents`. */
function shape(tasks: readonly TaskPlan[]): string[] {
  return tasks.map(({ key, kind, after, array }) => {
    const size = array === null ? '' : ` x${array.size}`;
    return `${key}${size} [${kind}]${after.length === 0 ? '' : ` <- ${after.map((i) => tasks[i]?.key).join(', ')}`}`;
  });
}
const settings = (tasks: readonly TaskPlan[], key: string, command = 0) =>
  commandsOf(tasks.find((task) => task.key === key))[command]?.settings;

describe('blender-render (flamenco §6.3)', () => {
  it('overrides, chunks, a video, the final place', () => {
    const tasks = tasksOf(simple({ fps: 24, rna_overrides: ['x = 1'] }));
    expect(shape(tasks)).toEqual([
      'rna-overrides [file-management]',
      'blender-render x3 [blender-render] <- rna-overrides',
      'create-video [video-encoding] <- blender-render',
      'move-to-final [file-management] <- create-video',
    ]);
    const folder = `/r/out__intermediate-${stamp}`;
    expect(tasks[1]?.array?.items).toEqual(['1..3', '4..6', '7,8']);
    expect(settings(tasks, 'blender-render')).toMatchObject({
      blender_cmd: '{blender}',
      filepath: base.filepath,
      render_output: `${folder}/frame_######`,
      format: 'PNG',
      frames: '{item}',
    });
    expect(settings(tasks, 'create-video')).toEqual({
      ffmpeg_cmd: '{ffmpeg}',
      input_files: `${folder}/*.png`,
      output_file: `${folder}/shot-1-8.mkv`,
      fps: 24,
    });
    expect(settings(tasks, 'move-to-final')).toEqual({ src: folder, dest: '/r/out' });
    expect(settings(tasks, 'rna-overrides')).toMatchObject({ filepath: '/r/shot.flamenco-overrides.py' });
    expect(settings(tasks, 'move-to-final', 1)).toEqual({ path: '/r/shot.flamenco-overrides.py' });
  });

  it('a video only of at least two pictures that are no EXR, with all that it takes, where somebody makes it', () => {
    const has = (more: object, where?: Around) => shape(tasksOf(simple({ fps: 24, ...more }, where))).length === 3;
    expect(has({})).toBe(true);
    expect(has({ frames: '7' })).toBe(false);
    expect(has({ format: 'OPEN_EXR' })).toBe(false);
    expect(has({ format: 'OPEN_EXR_MULTILAYER' })).toBe(false);
    expect(has({ output_file_extension: '.exr' })).toBe(false);
    expect(has({ images_or_video: 'video', format: 'FFMPEG' })).toBe(false);
    expect(has({ fps: undefined })).toBe(false);
    expect(has({ format: undefined })).toBe(false);
    expect(has({ format: undefined, output_file_extension: '.png' })).toBe(true);
    expect(has({ create_video: false })).toBe(false);
    expect(has({}, noVideo)).toBe(false);
    // Asked for, it waits for somebody who makes it.
    expect(has({ create_video: true }, noVideo)).toBe(true);
  });

  it('a video that was asked for and cannot be is refused, with the reason', () => {
    expect(refusalOf(simple({ create_video: true }))).toContain('/spec/fps: No video can be made: fps is missing');
    expect(refusalOf(simple({ create_video: true, fps: 24, frames: '1' }))).toContain('one frame only');
    expect(refusalOf(simple({ create_video: true, fps: 24, format: 'OPEN_EXR' }))).toContain('EXR');
    expect(refusalOf(simple({ create_video: true, fps: 24, format: undefined }))).toContain('extension');
  });

  it('fails as a render farm does: three workers, three tasks, a week', () => {
    for (const task of tasksOf(simple())) {
      expect(task.policy).toMatchObject({ on: 'distinct', retries: 2, blockAfter: 3, blockMs: 7 * 86_400_000, backoffMs: 0 });
      expect(task.tags).toEqual([]);
    }
  });

  it('needs are those of the rendering tasks, not of the small ones around them', () => {
    const tasks = tasksOf(simple({ fps: 24, needs: { cpus: 8, ramMb: 4_000, tags: ['big'], worker: 3 } }));
    const [renders, video, move] = tasks;
    expect(renders).toMatchObject({ amounts: { slots: 1, cpus: 8, ramMb: 4_000 }, tags: ['big'], pin: 3 });
    for (const task of [video, move])
      expect(task).toMatchObject({ amounts: { slots: 1, cpus: 0, ramMb: 0 }, tags: [], pin: null });
  });

  it('paths are stored for every platform, and refused where no worker could find them', () => {
    const here = { ...around, variables: render };
    const paths = { filepath: 'R:\\shots\\a.blend', render_output: 'r:/out/a/####', platform: 'windows' };
    expect(settings(tasksOf(simple(paths, here)), 'blender-render')).toMatchObject({
      filepath: '{render}/shots/a.blend',
      render_output: `{render}/out/a__intermediate-${stamp}/####`,
    });
    const no = (more: object) => refusalOf(simple(more, here));
    expect(no({ filepath: 'shots/a.blend' })).toContain('/spec/filepath: filepath must be an absolute path');
    expect(no({ filepath: '/a.txt' })).toContain('does not end with .blend');
    expect(no({ filepath: '{nix}/a.blend' })).toContain('there is no variable {nix}; there are blender, ffmpeg, render');
    expect(no({ blender_cmd: '{nix} -x' })).toContain('/spec/blender_cmd: blender_cmd: there is no variable {nix}');
    expect(no({ filepath: '\\\\nas\\a.blend' })).toContain('network path');
    expect(no({ render_output: '//nas/out/####' })).toContain('network path');
    expect(no({ filepath: '/a"b.blend' })).toContain('quote');
    // The final folder is renamed as a whole.
    for (const output of ['/####', 'C:/####', '{render}/####', '/out/']) {
      expect(no({ render_output: output })).toContain('/spec/render_output');
    }
  });

  it('frames, formats and chunks are checked', () => {
    expect(refusalOf(simple({ frames: '8-1' }))).toContain('/spec/frames: The range 8-1 is empty');
    expect(refusalOf(simple({ frames: '1,x' }))).toContain('"x" is neither');
    expect(refusalOf(simple({ format: 'NIX' }))).toContain('Blender has no format NIX');
    expect(refusalOf(simple({ format: 'CONSTRUCTOR' }))).toContain('no format');
    expect(refusalOf(simple({ chunk_size: 0 }))).toContain('/spec/chunk_size');
    expect(refusalOf(simple({ frames: '1-100001', chunk_size: 1 }))).toContain('100001');
    expect(tasksOf(simple({ frames: '1-100000', chunk_size: 1 }))[0]?.array?.size).toBe(100_000);
    expect(refusalOf(simple({ nix: 1 }))).toContain('/spec/nix');
    // What Blender is told must fit on a command line.
    const odd = Array.from({ length: 2_000 }, (_, i) => i * 2).join(',');
    expect(refusalOf(simple({ frames: odd, chunk_size: 2_000 }))).toContain('reduce chunk_size');
    expect(tasksOf(simple({ frames: odd, chunk_size: 500 }))).toHaveLength(2);
  });

  it('the name of a video stays short', () => {
    const odd = Array.from({ length: 100 }, (_, i) => String(i * 2 + 1)).join(',');
    expect(settings(tasksOf(simple({ fps: 24, frames: odd })), 'create-video')?.['output_file']).toMatch(/\/shot-1-199\.mkv$/);
    expect(settings(tasksOf(simple({ fps: 24, frames: '1,3-5' })), 'create-video')?.['output_file']).toMatch(
      /\/shot-1,3-5\.mkv$/,
    );
  });

  it('no kind that looks around is compiled blindly', () => {
    expect(looksAround('blender-render')).toBe(true);
    expect(looksAround('shell')).toBe(false);
    expect(looksAround('constructor')).toBe(false);
    expect(() => compile({ kind: 'blender-render', spec: base } as never)).toThrow('around');
  });
});

describe('overrides', () => {
  it('do nothing for another job of the same file, and are asked for by every task that renders', () => {
    const [one, two] = [around, { ...around, now: around.now + 1_000 }].map((where) =>
      tasksOf(simple({ rna_overrides: ['a = "{x}"', 'b'] }, where)),
    );
    const text = (tasks: readonly TaskPlan[] = []) => String(settings(tasks, 'rna-overrides')?.['contents']);
    const check = (tasks: readonly TaskPlan[] = []) => String(settings(tasks, 'blender-render')?.['python_expr']);
    const mark = `"out__intermediate-${stamp}"`;
    expect(text(one)).toContain(`if any(${mark} in word for word in sys.argv):`);
    expect(text(one)).toContain('exec(compile("a = \\"{x}\\"\\nb", "rna-overrides", "exec"))');
    expect(check(one)).toContain(mark);
    expect(text(two)).not.toContain(mark);
    expect(check(two)).not.toContain(mark);
    expect(settings(tasksOf(simple()), 'blender-render')).not.toHaveProperty('python_expr');
  });
});

describe('blender-video-chunks (flamenco §6.3)', () => {
  const chunks = (more: object = {}, where = around) =>
    made('blender-video-chunks', { fps: 25, output_file_extension: '.png', ...more }, where);

  it('frames and video per chunk, put together in order, numbered', () => {
    const tasks = tasksOf(chunks());
    expect(shape(tasks)).toEqual([
      'move-out-of-way [file-management]',
      'frame-chunk-1-3 [blender-render] <- move-out-of-way',
      'video-chunk-1-3 [video-encoding] <- frame-chunk-1-3',
      'frame-chunk-4-6 [blender-render] <- move-out-of-way',
      'video-chunk-4-6 [video-encoding] <- frame-chunk-4-6',
      'frame-chunk-7,8 [blender-render] <- move-out-of-way',
      'video-chunk-7,8 [video-encoding] <- frame-chunk-7,8',
      'concatenate-videos [video-encoding] <- video-chunk-1-3, video-chunk-4-6, video-chunk-7,8',
      'move-with-counter [file-management] <- concatenate-videos',
    ]);
    const folder = `/r/out__intermediate-${stamp}`;
    expect(settings(tasks, 'video-chunk-4-6')).toMatchObject({
      input_files: `${folder}/frames-000002/*.png`,
      output_file: `${folder}/video-000002.mkv`,
    });
    expect(settings(tasks, 'concatenate-videos')).toMatchObject({
      input_files: `${folder}/video-*.mkv`,
      output_file: `${folder}/silent.mkv`,
    });
    expect(settings(tasks, 'move-with-counter')).toEqual({ src: `${folder}/silent.mkv`, dest: '/r/out/shot-1-8.mkv' });
  });

  it('with the sound, which is rendered beside the pictures', () => {
    const tasks = tasksOf(chunks({ extract_audio: true, rna_overrides: ['x'] }));
    expect(shape(tasks).slice(0, 2)).toEqual([
      'move-out-of-way [file-management]',
      'rna-overrides [file-management] <- move-out-of-way',
    ]);
    expect(shape(tasks).slice(-4)).toEqual([
      'render-audio [blender-render] <- rna-overrides',
      'encode-audio [video-encoding] <- render-audio',
      'mux-audio-video [video-encoding] <- concatenate-videos, encode-audio',
      'move-with-counter [file-management] <- mux-audio-video',
    ]);
    expect(settings(tasks, 'render-audio')).toMatchObject({ frame_start: 1, frame_end: 8 });
  });

  it('bounds what one task must wait for, and refuses what no video is made of', () => {
    expect(tasksOf(chunks({ frames: '1-1000', chunk_size: 1 }))).toHaveLength(2_003);
    expect(refusalOf(chunks({ frames: '1-1001', chunk_size: 1 }))).toContain('/spec/chunk_size: A video may have 1000 chunks');
    expect(refusalOf(chunks({ format: 'OPEN_EXR' }))).toContain('EXR');
  });
});

describe('blender-render-progressive (flamenco §6.3)', () => {
  const samples = { format: 'OPEN_EXR', cycles_sample_count: 10, cycles_sample_cap: 4 };
  const progressive = (more: object = {}, where = around) => made('blender-render-progressive', { ...samples, ...more }, where);

  it('coarse pictures of all frames first, merged with later samples, then published', () => {
    const tasks = tasksOf(progressive({ frames: '1-4', fps: 24, rna_overrides: ['x'] }));
    expect(shape(tasks)).toEqual([
      'destroy-preexisting-intermediate [file-management]',
      'rna-overrides [file-management] <- destroy-preexisting-intermediate',
      'render-s_1-4-f_1-3 [blender-render] <- rna-overrides',
      'render-s_1-4-f_4 [blender-render] <- rna-overrides',
      'render-s_5-8-f_1-3 [blender-render] <- rna-overrides',
      'render-s_5-8-f_4 [blender-render] <- rna-overrides',
      'merge-to-s_8-f_1-3 [exr-merge] <- render-s_1-4-f_1-3, render-s_5-8-f_1-3',
      'merge-to-s_8-f_4 [exr-merge] <- render-s_1-4-f_4, render-s_5-8-f_4',
      'render-s_9-10-f_1-3 [blender-render] <- rna-overrides',
      'render-s_9-10-f_4 [blender-render] <- rna-overrides',
      'merge-to-s_10-f_1-3 [exr-merge] <- merge-to-s_8-f_1-3, render-s_9-10-f_1-3',
      'merge-to-s_10-f_4 [exr-merge] <- merge-to-s_8-f_4, render-s_9-10-f_4',
      'create-preview-images [blender-render] <- merge-to-s_10-f_1-3, merge-to-s_10-f_4',
      'create-preview-video [video-encoding] <- create-preview-images',
      'move-outdir-out-of-way [file-management] <- create-preview-video',
      'publish-exr-f_1-3-to-output [file-management] <- move-outdir-out-of-way',
      'publish-exr-f_4-to-output [file-management] <- move-outdir-out-of-way',
      'publish-jpeg-to-output [file-management] <- move-outdir-out-of-way',
      'publish-video-to-output [file-management] <- move-outdir-out-of-way',
      'remove-rna-overrides [file-management] <- merge-to-s_10-f_1-3, merge-to-s_10-f_4',
    ]);
    expect(tasks.filter(({ key }) => key?.startsWith('render-s')).map(({ priority }) => priority)).toEqual([
      0, 0, -10, -10, -20, -20,
    ]);
    const folder = `/r/out__intermediate-${stamp}`;
    expect(settings(tasks, 'render-s_9-10-f_4')).toMatchObject({
      render_output: `${folder}/render-s_9-10-f_######`,
      cycles_num_chunks: 10,
      cycles_chunk_start: 9,
      cycles_chunk_end: 10,
    });
    // The mean of 8 and of 2 samples.
    expect(settings(tasks, 'merge-to-s_10-f_1-3')).toMatchObject({
      input1: `${folder}/merge-to-s_8-f_######.exr`,
      input2: `${folder}/render-s_9-10-f_######.exr`,
      output: `${folder}/merge-to-s_10-f_######.exr`,
      weight1: 8,
      weight2: 2,
      frame_start: 1,
      frame_end: 3,
    });
    expect(settings(tasks, 'publish-exr-f_4-to-output')).toEqual({
      src: `${folder}/merge-to-s_10-f_000004.exr`,
      dest: '/r/out/frame_000004.exr',
    });
  });

  it('one step needs no merging; frames that are not in a row are merged run by run', () => {
    const one = tasksOf(progressive({ cycles_sample_cap: 10 }));
    expect(one.some(({ kind }) => kind === 'exr-merge')).toBe(false);
    expect(settings(one, 'publish-exr-f_7,8-to-output')?.['src']).toContain('/render-s_1-10-f_000007.exr');
    const gaps = tasksOf(progressive({ frames: '1,3,4', chunk_size: 10, cycles_sample_cap: 5 }));
    expect(
      commandsOf(gaps.find(({ kind }) => kind === 'exr-merge')).map(({ settings: { frame_start, frame_end } }) => [
        frame_start,
        frame_end,
      ]),
    ).toEqual([
      [1, 1],
      [3, 4],
    ]);
  });

  it('refuses what cannot be merged or found again', () => {
    expect(refusalOf(progressive({ format: 'PNG' }))).toContain('/spec/format: Samples are merged as EXR');
    for (const output of ['/r/out/#####', '/r/out/#######', '/r/out/######.exr']) {
      expect(refusalOf(progressive({ render_output: output }))).toContain('exactly six #');
    }
    expect(refusalOf(progressive({ frames: '1-1001', chunk_size: 1 }))).toContain('1000 chunks');
    expect(refusalOf(progressive({ frames: '1-10001', chunk_size: 1_000 }))).toContain('10000 frames');
    expect(
      refusalOf(progressive({ frames: '1-1000', chunk_size: 1, cycles_sample_count: 1_000, cycles_sample_cap: 1 })),
    ).toContain('cycles_sample_cap');
  });
});

describe('sleep, exec-command and commands (flamenco §6.3)', () => {
  it('sleep is echo and sleep, chunk by chunk', () => {
    const [task] = tasksOf(compile({ kind: 'sleep', spec: { frames: '1-5', chunk_size: 3, time_in_seconds: 2.5 } }));
    expect(task).toMatchObject({ key: 'sleep', kind: 'sleep', array: { items: ['1-3', '4,5'] } });
    expect(commandsOf(task).map(({ name }) => name)).toEqual(['echo', 'sleep']);
    expect(commandsOf(task)[1]?.settings).toEqual({ time_in_seconds: 2.5 });
  });

  it('exec-command is one command line; only the program may not be unknown', () => {
    const [task] = tasksOf(compile({ kind: 'exec-command', spec: { cmd: "{blender} -b | awk '{print}'" } }, around));
    expect(task).toMatchObject({ key: 'exec-command', kind: 'debug' });
    expect(commandsOf(task)).toEqual([{ name: 'exec', settings: { cmd: "{blender} -b | awk '{print}'" } }]);
    expect(refusalOf(compile({ kind: 'exec-command', spec: { cmd: '{nix} -b' } }, around))).toContain('no variable {nix}');
  });

  it('commands are passed on as they are; circles are named', () => {
    const task = (key: string, after: string[]) => ({
      key,
      type: 'x',
      commands: [{ name: 'new', settings: { a: [1], b: null } }],
      after,
    });
    const tasks = tasksOf(compile({ kind: 'commands', spec: { tasks: [task('b', ['a']), task('a', [])] } } as never));
    expect(shape(tasks)).toEqual(['a [x]', 'b [x] <- a']);
    expect(commandsOf(tasks[0])).toEqual([{ name: 'new', settings: { a: [1], b: null } }]);
    const circle = compile({
      kind: 'commands',
      spec: { tasks: [task('a', ['c']), task('b', ['a']), task('c', ['b'])] },
    } as never);
    expect(circle.refusal).toMatchObject({ code: 'cycle', detail: expect.stringMatching(/a -> .*b/) });
    const unknown = compile({ kind: 'commands', spec: { tasks: [task('a', ['nix'])] } } as never);
    expect(unknown.refusal).toMatchObject({ code: 'unknown_parent', at: '/spec/tasks/0/after/0' });
    const twice = compile({ kind: 'commands', spec: { tasks: [task('a', []), task('a', [])] } } as never);
    expect(twice.refusal).toMatchObject({ code: 'invalid', at: '/spec/tasks/1/key' });
  });
});
