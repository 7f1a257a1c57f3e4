import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const home = fileURLToPath(new URL('..', import.meta.url));

/** The peers' libraries, exactly as locked, once. Without them their benches leave them out; ours run all the same. */
export function installPeers(): void {
  if (existsSync(new URL('../node_modules', import.meta.url))) return;
  console.log('Installing what we are compared with (bench/node_modules) …');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const { status } = spawnSync(npm, ['--prefix', home, 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    stdio: ['ignore', 'inherit', 'inherit'],
    cwd: home,
  });
  if (status !== 0) console.error('They could not be installed: peers are left out.');
}
