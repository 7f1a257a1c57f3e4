import { link, mkdir, readdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { type ImageLimits, openImages } from '../../src/files/images.ts';
import { tempDir } from '../lib/temp-dir.ts';

const picture = (width: number, height: number, format: 'png' | 'webp' | 'tiff' | 'gif' = 'png'): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 4, background: '#ff8800aa' } })
    .toFormat(format)
    .toBuffer();

async function place(limits: Partial<ImageLimits> = {}) {
  const dir = await tempDir();
  const root = join(dir.path, 'renders');
  await mkdir(join(root, 'shot'), { recursive: true });
  const own = join(dir.path, 'images');
  const open = () => openImages({ dir: own, roots: [root], limits });
  const images = await open();
  return { ...dir, outside: dir.path, root, own, images, open, [Symbol.asyncDispose]: dir.remove };
}

async function* slowly(bytes: Uint8Array, gate: Promise<void>): AsyncGenerator<Uint8Array> {
  await gate;
  yield bytes;
}

async function* inParts(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1_000) yield bytes.subarray(at, at + 1_000);
}

describe('latest images', () => {
  it.each([
    ['larger than the frame', 4_000, 1_000, { width: 1_920, height: 480 }],
    ['high', 500, 2_160, { width: 250, height: 1_080 }],
    ['small: never enlarged', 20, 10, { width: 20, height: 10 }],
  ])('I1 encodes anew: %s', async (_, width, height, size) => {
    await using at = await place();
    const file = join(at.root, 'shot', '000001.png');
    await writeFile(file, await picture(width, height));
    const put = await at.images.put(7, { path: file });
    expect(put).toMatchObject({ shown: { job: 7 } });
    const image = await at.images.of(7);
    expect(await sharp(image!.bytes).metadata()).toMatchObject({ format: 'jpeg', ...size });
    expect(at.images.newest).toBe(7);
    expect(await at.images.of(8)).toBeNull();
  });

  it('I2 the content decides what it is', async () => {
    await using at = await place();
    const png = await picture(30, 30);
    for (const [name, bytes] of [
      ['is-webp.png', await picture(30, 30, 'webp')],
      ['is-png.jpg', png],
      ['is-tiff.exr', await picture(30, 30, 'tiff')],
    ] as const) {
      await writeFile(join(at.root, name), bytes);
      expect(await at.images.put(1, { path: join(at.root, name) }), name).toHaveProperty('shown');
    }
    const exr = Buffer.concat([Buffer.from([0x76, 0x2f, 0x31, 0x01, 2, 0, 0, 0]), Buffer.alloc(2_000)]);
    for (const [name, bytes] of [
      ['a.exr', exr],
      ['svg.png', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>')],
      ['gif.png', await picture(30, 30, 'gif')],
      ['half.png', png.subarray(0, 60)],
      ['text.png', Buffer.from('no picture at all')],
      ['empty.png', Buffer.alloc(0)],
    ] as const) {
      await writeFile(join(at.root, name), bytes);
      expect(await at.images.put(2, { path: join(at.root, name) }), name).toMatchObject({ refused: 'unsupported' });
    }
    expect(await at.images.of(2)).toBeNull();
  });

  it('I3 paths stay below the roots', async () => {
    await using at = await place();
    const png = await picture(30, 30);
    await writeFile(join(at.outside, 'secret.png'), png);
    await symlink(join(at.outside, 'secret.png'), join(at.root, 'link.png'));
    await symlink(at.outside, join(at.root, 'folder'));
    await writeFile(join(at.root, 'a.png'), png);
    await symlink(join(at.root, 'a.png'), join(at.root, 'inside.png'));
    const put = (path: string) => at.images.put(1, { path });
    for (const path of [
      join(at.outside, 'secret.png'),
      `${at.root}/../secret.png`,
      join(at.root, 'link.png'),
      join(at.root, 'folder', 'secret.png'),
      'a.png',
      `${at.root}/a.png\0.png`,
      '/etc/passwd',
      at.root,
    ]) {
      expect(await put(path), path).toMatchObject({ refused: 'outside' });
    }
    expect(await put(join(at.root, 'shot'))).toMatchObject({ refused: 'unreadable' });
    expect(await put(join(at.root, 'none.png'))).toMatchObject({ refused: 'unreadable' });
    expect(await put(join(at.root, 'x'.repeat(300)))).toMatchObject({ refused: 'unreadable' });
    expect(await put(join(at.root, 'inside.png'))).toHaveProperty('shown');
    await link(join(at.root, 'a.png'), join(at.root, 'hard.png'));
    expect(await put(join(at.root, 'hard.png'))).toHaveProperty('shown');
  });

  it('I4 one is worked on, three wait, more are refused unread', async () => {
    await using at = await place();
    const png = await picture(30, 30);
    const gate = Promise.withResolvers<void>();
    const puts = [1, 2, 3, 4].map((job) => at.images.put(job, { bytes: slowly(png, gate.promise), name: 'a' }));
    const fifth = at.images.put(5, {
      // biome-ignore lint/correctness/useYield: that it is not read is what is tested
      bytes: (async function* () {
        throw new Error('it was read');
      })(),
      name: 'a',
    });
    expect(await fifth).toMatchObject({ refused: 'busy' });
    gate.resolve();
    for (const put of puts) expect(await put).toHaveProperty('shown');
    expect(await at.images.put(5, { bytes: inParts(png), name: 'a' })).toHaveProperty('shown');
  });

  it('I5 bytes and pixels are bounded', async () => {
    await using at = await place({ sourceBytes: 5_000, pixels: 10_000 });
    const large = join(at.root, 'large.png');
    await writeFile(large, '');
    await truncate(large, 5_001);
    expect(await at.images.put(1, { path: large })).toMatchObject({ refused: 'too_large' });
    expect(await at.images.put(1, { bytes: inParts(Buffer.alloc(5_001)), name: 'a' })).toMatchObject({ refused: 'too_large' });
    expect(await at.images.put(1, { bytes: inParts(await picture(101, 100)), name: 'a' })).toMatchObject({
      refused: 'too_large',
    });
    expect(await at.images.put(1, { bytes: inParts(await picture(100, 100)), name: 'a' })).toHaveProperty('shown');
  });

  it('I6 what a killed process left half written goes; the newest is found again; drop removes', async () => {
    await using at = await place();
    const seen: [number, string][] = [];
    at.images.onShown((job, name) => seen.push([job, name]));
    for (const job of [3, 9, 4]) await at.images.put(job, { bytes: inParts(await picture(9, 9)), name: `${job}.png` });
    expect(seen).toEqual([
      [3, '3.png'],
      [9, '9.png'],
      [4, '4.png'],
    ]);
    await at.images.close();
    await writeFile(join(at.own, 'draft-0'), 'half');
    const again = await at.open();
    expect(again.newest).toBe(4);
    expect(await readdir(at.own)).toEqual(['3.jpg', '4.jpg', '9.jpg']);
    await again.drop(4);
    expect(again.newest).toBe(9);
    expect(await again.of(4)).toBeNull();
    const version = (await again.of(3))!.version;
    await again.put(3, { bytes: inParts(await picture(9, 9)), name: 'x' });
    expect((await again.of(3))!.version).not.toBe(version);
  });

  it('one who sends slowly holds up nobody; what arrives at once is no more than one may be', async () => {
    const png = await picture(30, 30);
    await using at = await place({ sourceBytes: png.length + 10 });
    const gate = Promise.withResolvers<void>();
    const slow = (async function* () {
      yield png.subarray(0, 20);
      await gate.promise;
      yield png.subarray(20);
    })();
    const first = at.images.put(1, { bytes: slow, name: 'a' });
    expect(await at.images.put(2, { bytes: inParts(png.subarray(0, 10)), name: 'a' })).toMatchObject({ refused: 'unsupported' });
    expect(await at.images.put(2, { bytes: inParts(png), name: 'a' })).toMatchObject({ refused: 'busy' });
    gate.resolve();
    expect(await first).toHaveProperty('shown');
    expect(await at.images.put(2, { bytes: inParts(png), name: 'a' })).toHaveProperty('shown');
  });

  it('a source that breaks off is passed on, and the next is taken', async () => {
    await using at = await place();
    const broken = (async function* () {
      yield Buffer.from('a');
      throw new Error('hung up');
    })();
    await expect(at.images.put(1, { bytes: broken, name: 'a' })).rejects.toThrow('hung up');
    expect(await at.images.put(1, { bytes: inParts(await picture(9, 9)), name: 'a' })).toHaveProperty('shown');
  });
});
