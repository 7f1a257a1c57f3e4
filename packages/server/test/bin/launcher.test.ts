import { spawn } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const launcher = path.resolve(import.meta.dirname, '../../bin/switchyard');

interface Ended {
  readonly pid: number | undefined;
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env });
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({ pid: child.pid, code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() }),
    );
  });
}

/** Something that stands in for Node: it answers `-p` and `-v` with its version, else it tells its process id and arguments. */
const standIn = (major: number): string => `#!/bin/sh
case $1 in -p) echo ${major}; exit;; -v) echo v${major}.0.0; exit;; esac
echo "$$ ${major}"
for one in "$@"; do echo "<$one>"; done
exit 7
`;

describe('launcher', () => {
  let clone: string;
  let system: string;
  const bin = (): string => path.join(clone, 'packages/server/bin/switchyard');
  const env = (): NodeJS.ProcessEnv => ({ PATH: `${system}:/usr/bin:/bin` });

  async function program(file: string, text: string): Promise<void> {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
    await chmod(file, 0o755);
  }

  beforeEach(async () => {
    clone = await mkdtemp(path.join(os.tmpdir(), 'switchyard clone '));
    system = path.join(clone, 'system');
    await program(path.join(system, 'node'), standIn(20));
    await mkdir(path.dirname(bin()), { recursive: true });
    await cp(launcher, bin());
  });
  afterEach(() => rm(clone, { recursive: true, force: true }));

  it('becomes the Node of the clone: same process, arguments and exit code untouched', async () => {
    await program(path.join(clone, 'node_modules/.bin/node'), standIn(24));
    const { pid, code, out } = await run(bin(), ['run', '--', 'a b', '', '*'], env());
    const [head, main, ...args] = out.trimEnd().split('\n');
    expect(head).toBe(`${pid} 24`);
    expect(path.resolve(main!.slice(1, -1))).toBe(path.join(clone, 'packages/server/src/cli/main.ts'));
    expect(args).toEqual(['<run>', '<-->', '<a b>', '<>', '<*>']);
    expect(code).toBe(7);
  });

  it('finds its clone through links, relative ones and links to links', async () => {
    await program(path.join(clone, 'node_modules/.bin/node'), standIn(24));
    await symlink('packages/server/bin/switchyard', path.join(clone, 'first'));
    await symlink(path.join(clone, 'first'), path.join(system, 'second'));
    const { out } = await run(path.join(system, 'second'), [], env());
    expect(out).toContain(' 24\n');
  });

  it('takes the Node of the system where the clone has none and that one is new enough', async () => {
    await mkdir(path.join(clone, 'node_modules'));
    await program(path.join(system, 'node'), standIn(26));
    expect((await run(bin(), [], env())).out).toContain(' 26\n');
  });

  it('says what to do where the Node of the system is too old', async () => {
    await mkdir(path.join(clone, 'node_modules'));
    const { code, err, out } = await run(bin(), [], env());
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('needs Node 24 or newer, and found v20.0.0');
  });

  it('says what to do where nothing was installed', async () => {
    const { code, err } = await run(bin(), [], env());
    expect(code).toBe(1);
    expect(err).toContain(`(cd '${clone}' && npm ci)`);
  });
});
