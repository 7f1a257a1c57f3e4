import { execFile } from 'node:child_process';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { openBlobs } from '../../src/files/blobs.ts';
import { createFakeClock } from '../lib/fake-clock.ts';
import { createSeededRandom } from '../lib/seeded-random.ts';
import { tempDir } from '../lib/temp-dir.ts';
import { blobsSuite, inChunks } from '../suites/blobs.suite.ts';

blobsSuite('disk', async () => {
  const dir = await tempDir();
  return { open: (options) => openBlobs({ ...options, dir: join(dir.path, 'blobs') }), remove: dir.remove };
});

const wide = { quotaBytes: 1e9, maxBytes: 1e9 };
const random = createSeededRandom('disk blobs');

async function filesIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

test('F2 an aborted and a refused write leave no file; a finished one leaves one, two folders down, private', async () => {
  await using dir = await tempDir();
  const blobs = await openBlobs({ dir: dir.path, quotaBytes: 1000, maxBytes: 500, clock: createFakeClock() });
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield random.bytes(400);
    throw new Error('gone');
  }
  await expect(blobs.write(broken())).rejects.toThrow('gone');
  expect(await blobs.write(inChunks(random.bytes(501), 100))).toHaveProperty('refused', 'too_large');
  expect(await filesIn(dir.path)).toEqual([]);
  const written = await blobs.write(inChunks(random.bytes(500), 100));
  const blob = 'blob' in written ? written.blob : '';
  const path = join(dir.path, blob.slice(0, 2), blob.slice(2, 4), blob);
  expect(await filesIn(dir.path)).toEqual([path]);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(join(path, '..'))).mode & 0o777).toBe(0o700);
  await blobs.close();
});

test('F2 what a killed process left half-written is removed at open, and never counted', async () => {
  await using dir = await tempDir();
  await mkdir(join(dir.path, 'incoming'), { recursive: true });
  await writeFile(join(dir.path, 'incoming', '17'), random.bytes(100));
  const blobs = await openBlobs({ dir: dir.path, ...wide, clock: createFakeClock() });
  expect(await filesIn(dir.path)).toEqual([]);
  expect(await blobs.usage()).toEqual({ blobs: 0, bytes: 0 });
  await blobs.close();
});

test('strange files are neither counted nor swept nor read', async () => {
  await using dir = await tempDir();
  const strange = 'ab00'.padEnd(64, '0');
  await mkdir(join(dir.path, 'cd', 'ef'), { recursive: true });
  await mkdir(join(dir.path, 'ab', '00', strange), { recursive: true });
  await writeFile(join(dir.path, 'cd', 'ef', 'README'), 'hello');
  await writeFile(join(dir.path, 'cd', 'ef', strange), 'in the wrong folder');
  const clock = createFakeClock();
  const blobs = await openBlobs({ dir: dir.path, ...wide, clock });
  await clock.advance(1e12);
  expect(await blobs.usage()).toEqual({ blobs: 0, bytes: 0 });
  expect(await blobs.sweep(new Set(), 0)).toEqual({ removed: 0, bytes: 0 });
  expect(await blobs.size(strange)).toBeNull();
  expect(await blobs.read(strange)).toBeNull();
  expect(await filesIn(dir.path)).toHaveLength(2);
  await blobs.close();
});

test('F3 a disk that fails is a refusal that names the way out, and no path', async () => {
  await using dir = await tempDir();
  const blobs = await openBlobs({ dir: dir.path, ...wide, clock: createFakeClock() });
  await rm(join(dir.path, 'incoming'), { recursive: true });
  const written = await blobs.write(inChunks(random.bytes(10), 10));
  expect(written).toMatchObject({ refused: 'storage', detail: /disk failed \(ENOENT\)/ });
  expect(JSON.stringify(written)).not.toContain(dir.path);
  await blobs.close();
});

test.skipIf(process.platform === 'win32')(
  'F3 a full disk is a refusal, leaves nothing, and the next small write succeeds',
  async () => {
    await using dir = await tempDir();
    const script = `
    const { openBlobs } = await import(process.argv[1]);
    const clock = { now: () => 1e12, monotonic: () => 0, after: () => ({ cancel() {} }) };
    const blobs = await openBlobs({ dir: process.argv[2], quotaBytes: 1e9, maxBytes: 1e9, clock });
    async function* bytes(kib) { for (let i = 0; i < kib; i++) yield new Uint8Array(1024).fill(i); }
    console.log(JSON.stringify([await blobs.write(bytes(300)), await blobs.write(bytes(10)), await blobs.usage()]));
    await blobs.close();`;
    const module = new URL('../../src/files/blobs.ts', import.meta.url).href;
    // A limit on file size (in blocks of 512 or 1024 bytes) stands in for a full disk: the write comes back short, then fails.
    const args = [
      '-c',
      'ulimit -f 100 && exec "$0" "$@"',
      process.execPath,
      '--input-type=module',
      '-e',
      script,
      module,
      dir.path,
    ];
    const { stdout } = await promisify(execFile)('sh', args);
    const [large, small, usage] = JSON.parse(stdout) as unknown[];
    expect(large).toMatchObject({ refused: 'storage' });
    expect((large as { detail: string }).detail).toMatch(/disk is full/);
    expect(small).toHaveProperty('size', 10_240);
    expect(usage).toEqual({ blobs: 1, bytes: 10_240 });
    expect(await filesIn(dir.path)).toHaveLength(1);
  },
);
