import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { boundLog } from '../../src/app/bounded-log.ts';
import { prepareDataDir } from '../../src/app/data-dir.ts';
import { removeServerRecord, writeServerRecord } from '../../src/app/server-record.ts';
import { StartRefused } from '../../src/app/start-refused.ts';
import { tempDir } from '../lib/temp-dir.ts';

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

describe('DATA', () => {
  it('is made, for this user alone', async () => {
    await using dir = await tempDir();
    const root = join(dir.path, 'deep', 'data');
    const paths = await prepareDataDir(root);
    expect(await modeOf(root)).toBe(0o700);
    expect(paths.adminToken).toBe(join(root, 'admin.token'));
  });

  it.each([[[]], [['switchyard.toml']], [['switchyard.db', 'blobs']]])('is closed to others when it holds %j', async (names) => {
    await using dir = await tempDir();
    const root = join(dir.path, 'data');
    await mkdir(root);
    for (const name of names) await writeFile(join(root, name), '');
    await chmod(root, 0o755);
    await prepareDataDir(root);
    expect(await modeOf(root)).toBe(0o700);
  });

  it("is refused when it is somebody's open folder, which stays as it is", async () => {
    await using dir = await tempDir();
    const root = join(dir.path, 'home');
    await mkdir(root);
    await writeFile(join(root, 'letters.txt'), '');
    await chmod(root, 0o755);
    await expect(prepareDataDir(root)).rejects.toThrow(/full of other things/);
    expect(await modeOf(root)).toBe(0o755);
  });

  it('is refused when it is a file', async () => {
    await using dir = await tempDir();
    await writeFile(join(dir.path, 'data'), '');
    await expect(prepareDataDir(join(dir.path, 'data'))).rejects.toThrow(StartRefused);
  });
});

describe("the worker's log", () => {
  it('stays below its bound, with the last part kept beside it', async () => {
    await using dir = await tempDir();
    const path = join(dir.path, 'log');
    await writeFile(path, 'x'.repeat(100));
    expect(await boundLog(path, 100)).toBe(false);
    expect(await boundLog(path, 99)).toBe(true);
    expect((await stat(path)).size).toBe(0);
    expect(await readFile(`${path}.1`, 'utf8')).toBe('x'.repeat(100));
  });
});

describe('server.json', () => {
  it('is removed by the server that wrote it, and by no other', async () => {
    await using dir = await tempDir();
    const path = join(dir.path, 'server.json');
    await writeServerRecord(path, { url: 'http://127.0.0.1:1', pid: 123 });
    expect(await modeOf(path)).toBe(0o600);
    await removeServerRecord(path, 12);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ url: 'http://127.0.0.1:1', pid: 123 });
    await removeServerRecord(path, 123);
    await expect(readFile(path)).rejects.toThrow();
    await removeServerRecord(path, 123);
  });
});
