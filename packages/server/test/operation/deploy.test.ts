import { execFileSync, spawnSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../lib/temp-dir.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const units = (await readdir(join(root, 'deploy'))).filter((name) => /\.(service|timer)$/.test(name));
const noSystemd = spawnSync('systemd-analyze', ['--version']).status !== 0;

/** Copies in which the program is the one of this clone: systemd looks whether it may be run. */
async function copies() {
  const dir = await tempDir();
  for (const unit of units) {
    const text = await readFile(join(root, 'deploy', unit), 'utf8');
    await writeFile(join(dir.path, unit), text.replaceAll('/opt/switchyard/', root));
  }
  return dir;
}

describe('units of systemd', () => {
  it.skipIf(noSystemd).each(units)('%s is understood by systemd, every line of it', async (unit) => {
    await using dir = await copies();
    const { status, stderr } = spawnSync(
      'systemd-analyze',
      ['verify', '--man=no', '--recursive-errors=no', join(dir.path, unit)],
      {
        encoding: 'utf8',
      },
    );
    expect([status, stderr.split('\n').filter((line) => line.includes(unit))]).toEqual([0, []]);
  });

  it.skipIf(noSystemd)('a wrong line would be told', async () => {
    await using dir = await copies();
    const file = join(dir.path, 'switchyard.service');
    await writeFile(file, (await readFile(file, 'utf8')).replace('ProtectHome=yes', 'ProtectHome=perhaps'));
    const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', '--recursive-errors=no', file], { encoding: 'utf8' });
    expect(stderr).toMatch(/switchyard\.service:\d+: Failed to parse/);
  });

  it.skipIf(noSystemd)('the server is closed in: exposure below 2 of 10', async () => {
    await using dir = await copies();
    const args = ['security', '--offline=yes', '--threshold=20', '--no-pager', join(dir.path, 'switchyard.service')];
    const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
    expect([status, stderr], stdout).toEqual([0, '']);
  });

  it('name commands and flags that exist', async () => {
    const server = execFileSync(process.execPath, ['packages/server/src/cli/main.ts', 'serve', '--help'], {
      cwd: root,
      encoding: 'utf8',
    });
    const backup = execFileSync(process.execPath, ['packages/server/src/cli/main.ts', 'backup', '--help'], {
      cwd: root,
      encoding: 'utf8',
    });
    const worker = execFileSync(process.execPath, ['packages/server/src/cli/main.ts', 'worker', '--help'], {
      cwd: root,
      encoding: 'utf8',
    });
    const helps: Readonly<Record<string, string>> = {
      'switchyard.service': `${server} --no-local-worker`,
      'switchyard-backup.service': backup,
      'switchyard-worker.service': worker,
    };
    expect(server).toContain('--local-worker');
    for (const [unit, help] of Object.entries(helps)) {
      const text = await readFile(join(root, 'deploy', unit), 'utf8');
      const flags = [...text.matchAll(/^ExecStart=.*$/gm)].flatMap(([line]) => line.match(/--[a-z-]+/g) ?? []);
      expect(flags.length).toBeGreaterThan(0);
      for (const flag of flags) expect(help, unit).toContain(flag);
    }
  });
});
