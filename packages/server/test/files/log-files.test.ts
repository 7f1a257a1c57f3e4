import { readdir, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLogFiles } from '../../src/files/log-files.ts';
import { decodeLogHeader, encodeLogHeader } from '../../src/files/log-header.ts';
import { largestFile, layoutOf } from '../../src/files/log-layout.ts';
import { type TempDir, tempDir } from '../lib/temp-dir.ts';
import { bytesAt, logsSuite } from '../suites/logs.suite.ts';

async function disk(dir: TempDir): Promise<{ files: number; bytes: number }> {
  const entries = await readdir(dir.path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const stats = await Promise.all(files.map((file) => stat(join(file.parentPath, file.name))));
  return { files: files.length, bytes: stats.reduce((sum, one) => sum + one.size, 0) };
}

for (const durability of ['normal', 'full'] as const) {
  logsSuite(`disk, ${durability}`, async () => {
    const dir = await tempDir();
    return {
      open: ({ capBytes }) => openLogFiles({ dir: dir.path, capBytes, durability, maxOpen: 5 }),
      disk: () => disk(dir),
      remove: dir.remove,
    };
  });
}

const log = { task: 7, attempt: 1, stream: 'out' } as const;
const mib = 1_048_576;

test('L2 a flood of 64 MiB into one log leaves the cap on disk, exactly head and tail, and memory as it was', async () => {
  await using dir = await tempDir();
  const capBytes = mib;
  const logs = await openLogFiles({ dir: dir.path, capBytes, durability: 'normal' });
  const piece = bytesAt(0, 256 * 1024);
  let buffers = 0;
  for (let at = 0; at < 64 * mib; at += piece.length) {
    await logs.write(log, at, piece);
    buffers = Math.max(buffers, process.memoryUsage().arrayBuffers);
  }
  expect((await disk(dir)).bytes).toBeLessThanOrEqual(largestFile(layoutOf(capBytes)));
  expect(largestFile(layoutOf(capBytes))).toBeLessThan(capBytes * 1.13);
  expect(buffers).toBeLessThan(16 * mib);
  const { parts } = await logs.read(log, 64 * mib, 0, 64 * mib);
  expect(parts.map((part) => [part.offset, part.bytes.length])).toEqual([
    [0, mib / 2],
    [64 * mib - mib / 2, mib / 2],
  ]);
  await logs.close();
});

test('files and folders are private; a folder that becomes empty goes', async () => {
  await using dir = await tempDir();
  const logs = await openLogFiles({ dir: join(dir.path, 'logs'), capBytes: 100, durability: 'full' });
  await logs.write({ ...log, task: 1_234_567 }, 0, bytesAt(0, 5));
  const folder = join(dir.path, 'logs', '1', '234');
  expect((await stat(join(folder, '1234567', '1.out'))).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, '1234567'))).mode & 0o777).toBe(0o700);
  await logs.drop(1_234_567);
  expect(await readdir(join(dir.path, 'logs', '1'))).toEqual([]);
  await logs.close();
});

test('L3 a file cut short or damaged shows only bytes that are right, and goes on', async () => {
  await using dir = await tempDir();
  const open = () => openLogFiles({ dir: dir.path, capBytes: 1000, durability: 'normal' });
  const path = join(dir.path, '0', '0', '7', '1.out');
  let logs = await open();
  await logs.write(log, 0, bytesAt(0, 300));
  await logs.close();
  await truncate(path, 512 + 120);
  logs = await open();
  expect((await logs.read(log, 300, 0, 300)).parts).toEqual([{ offset: 0, bytes: bytesAt(0, 120) }]);
  await logs.close();
  await writeFile(path, 'not a header'.repeat(100));
  logs = await open();
  expect((await logs.read(log, 300, 0, 300)).parts).toEqual([]);
  await logs.write(log, 300, bytesAt(300, 50));
  await logs.close();
  logs = await open();
  expect((await logs.read(log, 350, 0, 350)).parts).toEqual([{ offset: 300, bytes: bytesAt(300, 50) }]);
  await logs.close();
});

test('a header is read as it was written; any changed byte makes it unreadable', () => {
  const header = {
    layout: layoutOf(16 * mib),
    extent: { end: 2 ** 52, holes: Array.from({ length: 28 }, (_, i) => ({ from: i * 10, to: i * 10 + 5 })) },
  };
  const bytes = encodeLogHeader(header);
  expect(decodeLogHeader(bytes)).toEqual(header);
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Uint8Array.from(bytes);
    damaged[at]! ^= 1;
    expect(decodeLogHeader(damaged), `byte ${at}`).toBeNull();
  }
  expect(decodeLogHeader(bytes.subarray(0, 511))).toBeNull();
});

test('more holes than the header holds: the closest ones become one, at the price of what lies between', async () => {
  await using dir = await tempDir();
  const logs = await openLogFiles({ dir: dir.path, capBytes: 10_000, durability: 'normal' });
  for (let i = 0; i < 40; i++) await logs.write(log, i * 100, bytesAt(i * 100, i === 20 ? 1 : 50));
  const { parts } = await logs.read(log, 3950, 0, 3950);
  for (const part of parts) expect(part.bytes).toEqual(bytesAt(part.offset, part.bytes.length));
  expect(parts).toHaveLength(29);
  expect(parts.at(0)?.offset).toBe(0);
  expect(parts.at(-1)?.offset).toBe(3900);
  expect(parts.some((part) => part.offset === 2000)).toBe(false);
  await logs.close();
});
