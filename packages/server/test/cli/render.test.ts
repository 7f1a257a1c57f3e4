import type { JobDetail } from '@switchyard/sdk/job-detail.ts';
import { describe, expect, it } from 'vitest';
import { createFrameCount, timeLeft } from '../../src/cli/kit/frame-count.ts';
import { type Here, type RenderOptions, renderRequest } from '../../src/cli/kit/render-request.ts';

const here: Here = { cwd: '/home/ada', now: 0, platform: 'linux' };
const base: RenderOptions = { frames: '1-20', chunk: 8, format: 'PNG', fps: 24 };
const made = (file: string, more: Partial<RenderOptions> = {}, where = here) => renderRequest(file, { ...base, ...more }, where);
const spec = (file: string, more: Partial<RenderOptions> = {}, where = here) => made(file, more, where).request.spec;

describe('switchyard render', () => {
  it('absolute paths, a folder beside the file, six digits', () => {
    expect(made('shot.blend')).toMatchObject({
      request: {
        kind: 'blender-render',
        spec: {
          filepath: '/home/ada/shot.blend',
          render_output: '/home/ada/shot/######',
          frames: '1-20',
          chunk_size: 8,
          format: 'PNG',
          create_video: false,
          platform: 'linux',
        },
      },
      frames: 20,
      chunk: 8,
      folder: '/home/ada/shot',
      warning: '/home/ada/shot.blend is not here; the workers must have it',
    });
    expect(spec('shot.blend', { output: 'out/' })).toMatchObject({ render_output: '/home/ada/out/######' });
    expect(made('shot.blend', { output: '/r/out/f_####' })).toMatchObject({
      folder: '/r/out',
      request: { spec: { render_output: '/r/out/f_####' } },
    });
    expect(made('{render}/a.blend', { output: '{render}/a' })).toMatchObject({
      warning: null,
      request: { spec: { filepath: '{render}/a.blend', render_output: '{render}/a/######' } },
    });
    expect(spec('//nas/a.blend')).toMatchObject({ filepath: '//nas/a.blend' });
    const windows = { ...here, cwd: 'C:\\shots', platform: 'win32' };
    expect(spec('a.blend', { output: 'D:\\out' }, windows)).toMatchObject({
      filepath: 'C:\\shots\\a.blend',
      render_output: 'D:\\out/######',
      platform: 'windows',
    });
  });

  it('the kind follows from the flags', () => {
    expect(made('a.blend', { video: true, fps: 12 }).request).toMatchObject({
      kind: 'blender-render',
      spec: { create_video: true, fps: 12 },
    });
    expect(made('a.blend', { samples: 100 }).request).toMatchObject({
      kind: 'blender-render-progressive',
      spec: { format: 'OPEN_EXR', cycles_sample_count: 100, cycles_sample_cap: 25 },
    });
    expect(made('a.blend', { videoOnly: true, audio: true, format: 'JPEG' }).request).toMatchObject({
      kind: 'blender-video-chunks',
      spec: { output_file_extension: '.jpg', extract_audio: true, fps: 24 },
    });
  });

  it('what it needs and what the job is go along', () => {
    const more = { cpus: 4, tag: ['big'], resource: ['gpu=1'], priority: 5, name: 'n', override: ['x = 1'], blender: '/opt/b' };
    expect(made('a.blend', more).request).toMatchObject({
      name: 'n',
      priority: 5,
      spec: { needs: { cpus: 4, tags: ['big'], resources: { gpu: 1 } }, rna_overrides: ['x = 1'], blender_cmd: '/opt/b' },
    });
  });

  it('flags that exclude each other, and frames that are none, are told before anything is sent', () => {
    const wrong = (more: Partial<RenderOptions>) => () => made('a.blend', more);
    expect(wrong({ frames: '5-3' })).toThrow('--frames: The range 5-3 is empty');
    expect(wrong({ audio: true })).toThrow('--audio goes with --video-only');
    expect(wrong({ videoOnly: true, video: true })).toThrow('excludes');
    expect(wrong({ sampleCap: 3 })).toThrow('--sample-cap goes with --samples');
  });
});

describe('frames that are done', () => {
  const job = (succeeded: number, more: object = {}) =>
    ({
      arrays: [{ key: 'blender-render', id: 2, size: 3, succeeded }],
      counts: { running: 1, failed: 0, ...more },
    }) as unknown as JobDetail;
  const said = (task: number, done: number, unit = 'frames') => ({ task, done, total: 8, unit });

  it('those of ended chunks, and what running ones say; never back, never too many', () => {
    const count = createFrameCount(20, 8);
    expect([count.done, count.now]).toEqual([0, 'waiting']);
    count.job(job(0));
    count.progress(said(2, 3));
    count.progress(said(3, 1));
    expect([count.done, count.now]).toEqual([4, '1 running']);
    count.progress(said(2, 8));
    expect(count.done).toBe(9);
    count.job(job(1));
    expect(count.done).toBe(9);
    count.progress(said(3, 2));
    expect(count.done).toBe(10);
    // The video and others say frames too, and percentages are none.
    count.progress(said(9, 20));
    count.progress(said(3, 50, '%'));
    expect(count.done).toBe(10);
    count.job(job(3));
    expect([count.done, count.now]).toEqual([20, 'finishing']);
    count.job(job(2, { failed: 1 }));
    expect(count.now).toBe('1 failed');
  });

  it('the time left follows from the pace', () => {
    expect(timeLeft(0, 10, 5_000)).toBeNull();
    expect(timeLeft(5, 10, 5_000)).toBe(5_000);
    expect(timeLeft(10, 10, 5_000)).toBe(0);
  });
});
