import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { openBlobs } from '../../src/files/blobs.ts';
import { openLogFiles } from '../../src/files/log-files.ts';
import { createFakeClock } from '../lib/fake-clock.ts';
import { tempDir } from '../lib/temp-dir.ts';
import { bytesAt } from '../suites/logs.suite.ts';

const sources = new URL('../../src/files/', import.meta.url).href;

/** Runs a script in a process of its own and kills it with -9 after so many lines; gives the lines that came. */
async function killedAfter(lines: number, script: string, dir: string): Promise<string[]> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  const seen: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    seen.push(line);
    if (seen.length === lines) child.kill('SIGKILL');
  }
  await closed;
  expect(child.signalCode).toBe('SIGKILL');
  return seen;
}

test.each([1, 40, 333])('L1 L3 after kill -9 (%i answers) a log shows what was answered, and no wrong byte', async (lines) => {
  await using dir = await tempDir();
  const capBytes = 40_000;
  const seen = await killedAfter(
    lines,
    `import { openLogFiles } from '${sources}log-files.ts';
     const logs = await openLogFiles({ dir: process.argv[1], capBytes: ${capBytes}, durability: 'normal' });
     const byte = (i) => Math.imul(i + 1, 2654435761) >>> 24;
     for (let at = 0, n = 1; ; at += n, n = 1 + (at % 1777)) {
       await logs.write({ task: 1, attempt: 1, stream: 'out' }, at, Uint8Array.from({ length: n }, (_, i) => byte(at + i)));
       process.stdout.write(at + n + '\\n');
     }`,
    dir.path,
  );
  const log = { task: 1, attempt: 1, stream: 'out' } as const;
  const length = Number(seen.at(-1));
  const logs = await openLogFiles({ dir: dir.path, capBytes, durability: 'normal' });
  const { parts } = await logs.read(log, length, 0, length);
  for (const part of parts) expect(part.bytes).toEqual(bytesAt(part.offset, part.bytes.length));
  expect(parts[0]).toMatchObject({ offset: 0 });
  expect(parts[0]!.bytes.length).toBeGreaterThanOrEqual(Math.min(length, capBytes / 2));
  // What was written and not answered may have cost the oldest of the tail.
  expect((parts.at(-1)?.offset ?? 0) + (parts.at(-1)?.bytes.length ?? 0)).toBe(length);
  await logs.write(log, length, bytesAt(length, 5_000));
  const after = (await logs.read(log, length + 5_000, length - 100, length + 5_000)).parts;
  expect(Buffer.concat(after.map((part) => part.bytes))).toEqual(
    Buffer.from(bytesAt(length - 100, 5_100).slice(length < 100 ? 100 - length : 0)),
  );
  await logs.close();
});

test('F2 after kill -9 every blob that was answered is there, each is whole, and nothing half is left', async () => {
  await using dir = await tempDir();
  const seen = await killedAfter(
    60,
    `import { openBlobs } from '${sources}blobs.ts';
     const clock = { now: () => 1e12, monotonic: () => 0, after: () => ({ cancel() {} }) };
     const blobs = await openBlobs({ dir: process.argv[1], quotaBytes: 1e12, maxBytes: 1e12, clock });
     async function* bytes(seed) { for (let i = 0; i < 20; i++) yield Buffer.alloc(4096, 'blob ' + seed + ' ' + i); }
     let seed = 0;
     await Promise.all(Array.from({ length: 6 }, async () => {
       for (;;) process.stdout.write((await blobs.write(bytes(seed++))).blob + '\\n');
     }));`,
    dir.path,
  );
  const blobs = await openBlobs({ dir: dir.path, quotaBytes: 1e12, maxBytes: 1e12, clock: createFakeClock() });
  for (const blob of seen) expect(await blobs.size(blob)).toBe(20 * 4096);
  const files = (await readdir(dir.path, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  for (const file of files) {
    const content = await readFile(join(file.parentPath, file.name));
    expect(createHash('sha256').update(content).digest('hex')).toBe(file.name);
  }
  expect(await blobs.usage()).toEqual({ blobs: files.length, bytes: files.length * 20 * 4096 });
  await blobs.close();
});
