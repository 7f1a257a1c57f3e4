import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Yard } from '../system/lib/yard.ts';
import { askBlender, installed, makeBlendFile, run } from './blend-file.ts';

const missing = ['blender', 'ffmpeg', 'ffprobe'].filter((name) => !installed(name));
const patience = 120_000;

/** Width and height of a PNG. */
async function sizeOf(path: string): Promise<[number, number]> {
  const bytes = await readFile(path);
  expect(bytes.subarray(1, 4).toString()).toBe('PNG');
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
}

async function framesOf(video: string): Promise<string> {
  const wanted = ['-show_entries', 'stream=codec_name,nb_read_frames,width,height,r_frame_rate', '-of', 'csv=p=0'];
  return (await run('ffprobe', ['-v', 'error', '-count_frames', '-select_streams', 'v', ...wanted, video])).stdout.trim();
}

describe.skipIf(missing.length > 0)(
  `real frames with Blender${missing.length > 0 ? ` (not installed: ${missing.join(', ')})` : ''}`,
  () => {
    let yard: Yard;
    let folder: string;
    let file: string;

    // One server and one blend file for all: Blender takes its time.
    beforeAll(async () => {
      yard = await Yard.open();
      await yard.start();
      folder = yard.dir.path;
      file = await makeBlendFile(folder);
    }, patience);
    afterAll(() => yard?.[Symbol.asyncDispose](), patience);

    test(
      'flamenco §9.24 one command: frames, a video of them, the final folder, the newest picture',
      async () => {
        const flags = ['--frames', '1-5', '--chunk', '2', '--output', 'frames', '--video', '--fps', '12'];
        const override = ['--override', 'bpy.context.scene.render.resolution_x = 50'];
        const done = await yard.cli(['render', file, ...flags, ...override, '--json']);
        expect(done.err).toContain('5 frames in 6 tasks');
        expect(done.err).toContain(`succeeded; its files are in ${join(folder, 'frames')}`);
        expect(done.code).toBe(0);
        expect((await readdir(join(folder, 'frames'))).sort()).toEqual(
          [1, 2, 3, 4, 5].map((n) => `00000${n}.png`).concat('shot-1-5.mkv'),
        );
        expect(await sizeOf(join(folder, 'frames/000005.png'))).toEqual([50, 32]);
        expect(await framesOf(join(folder, 'frames/shot-1-5.mkv'))).toBe('h264,50,32,12/1,5');
        // Nothing is left beside it.
        expect((await readdir(folder)).filter((name) => /^frames_|overrides/.test(name))).toEqual([]);
        const { id } = JSON.parse(done.out) as { id: number };
        const image = await fetch(`${yard.ready.url}/v1/jobs/${id}/image`, {
          headers: { authorization: `Bearer ${await yard.adminToken()}` },
        });
        expect(image.headers.get('content-type')).toBe('image/jpeg');
        expect(
          Buffer.from(await image.arrayBuffer())
            .subarray(0, 2)
            .toString('hex'),
        ).toBe('ffd8');
      },
      patience,
    );

    test(
      'what goes wrong on the worker is told here; Ctrl-C ends Blender and the job',
      async () => {
        const unseen = await yard.cli(['render', join(folder, 'nix.blend'), '--frames', '1']);
        expect(unseen.code).toBe(1);
        expect(unseen.err).toContain(`local does not see the blend file ${join(folder, 'nix.blend')}`);
        const child = yard.begin(['render', file, '--frames', '1-100000', '--chunk', '100000']);
        const finished = yard.finish(child);
        const client = await yard.client();
        let began = false;
        for await (const event of client.changes({ progress: true })) {
          if (event.type === 'progress' && event.progress.done > 0) began = true;
          if (began) break;
        }
        child.kill('SIGINT');
        expect(await finished).toMatchObject({ code: 130, err: expect.stringContaining('canceling') });
        const [job] = (await client.jobs.list({ limit: 1 })).jobs;
        expect(job?.state).toBe('canceled');
        const { stdout } = await run('ps', ['-eo', 'args']);
        expect(stdout.split('\n').filter((line) => line.includes(file) && line.includes('--render-frame'))).toEqual([]);
        expect(existsSync(join(folder, 'shot'))).toBe(false);
      },
      patience,
    );

    test(
      'progressive: the merged picture is the mean of all samples',
      async () => {
        const flags = ['--frames', '1,2', '--chunk', '2', '--samples', '4', '--sample-cap', '3', '--output', 'out', '--quiet'];
        const done = await yard.cli(['render', file, ...flags]);
        expect(done).toMatchObject({ code: 0, err: '' });
        expect((await readdir(join(folder, 'out'))).sort()).toEqual(['000001.exr', '000002.exr', 'preview']);
        const [work = ''] = (await readdir(folder)).filter((name) => name.startsWith('out__intermediate'));
        const pictures = ['render-s_1-3-f_000001.exr', 'render-s_4-4-f_000001.exr', 'merge-to-s_4-f_000001.exr'];
        const [worst, apart] = await askBlender(
          folder,
          compare,
          pictures.map((name) => join(folder, work, name)),
        );
        // Both steps are pictures of their own samples, and the merged one lies between them as their numbers say.
        expect(Number(apart)).toBeGreaterThan(0.001);
        expect(Number(worst)).toBeLessThan(0.002);
      },
      patience,
    );

    test(
      'a video in chunks, with the sound',
      async () => {
        const done = await yard.cli([
          'render',
          file,
          '--frames',
          '1-4',
          '--chunk',
          '2',
          '--video-only',
          '--audio',
          '--output',
          'edit',
          '--quiet',
        ]);
        expect(done).toMatchObject({ code: 0, err: '' });
        expect(await readdir(join(folder, 'edit'))).toEqual(['shot-1-4_001.mkv']);
        const video = join(folder, 'edit/shot-1-4_001.mkv');
        expect(await framesOf(video)).toBe('h264,48,32,24/1,4');
        const { stdout } = await run('ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_name', '-of', 'csv=p=0', video]);
        expect(stdout.split('\n').sort()).toContain('aac');
      },
      patience,
    );
  },
);

/** Prints how far the third picture is at most from (3 × first + second) / 4, and the first two from each other. */
const compare = `
import bpy, sys
a, b, c = [list(bpy.data.images.load(path).pixels) for path in sys.argv[-3:]]
print(">>", max(abs((3 * x + y) / 4 - z) for x, y, z in zip(a, b, c)))
print(">>", max(abs(x - y) for x, y in zip(a, b)))
`;
