import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { help, parseCommand } from '../src/command.ts';
import { sh } from './lib/scripted-server.ts';
import { Yard } from './lib/yard.ts';

let yard: Yard;
beforeEach(() => {
  yard = new Yard();
});
afterEach(() => yard.close());

test('the one file runs in an empty folder, with nothing installed', async () => {
  const built = fileURLToPath(new URL('../dist/worker.mjs', import.meta.url));
  execFileSync(process.execPath, [fileURLToPath(new URL('../../../tools/build-worker.ts', import.meta.url))], {
    stdio: 'ignore',
  });
  expect(statSync(built).size).toBeLessThan(300_000);
  const file = join(yard.folder, 'worker.mjs');
  copyFileSync(built, file);
  const server = await yard.server();
  const worker = yard.process(server, ['--tag', 'lonely'], file);
  const peer = await server.peer();
  expect(peer.hello?.tags).toContain('lonely');
  peer.run(sh('echo alive > out; cat out', { outputs: ['out'] }));
  expect(await peer.got('end')).toMatchObject({ outcome: 'succeeded' });
  expect(peer.output(1)).toBe('alive\n');
  worker.child.kill('SIGTERM');
  expect(await worker.exited).toBe(0);
  expect(existsSync(join(yard.folder, 'node_modules'))).toBe(false);
});

function options(...argv: string[]) {
  const parsed = parseCommand(['--server', 'http://x:1', '--token', 't', ...argv], {});
  if (!('options' in parsed)) throw new Error(JSON.stringify(parsed));
  return parsed.options;
}

test('flags become options', () => {
  const parsed = options(
    '--slots',
    '3',
    '--gpus',
    '2',
    '--resource',
    'plate=1',
    '--tag',
    'a',
    '--tag',
    'b',
    '--kind',
    'noop',
    '--grace',
    '0.5',
  );
  expect(parsed.amounts).toMatchObject({ slots: 3, named: { gpu: 2, plate: 1 } });
  expect(parsed).toMatchObject({ tags: ['a', 'b'], kinds: ['noop'], rhythm: { graceMs: 500 }, drainMs: 0, orphanMs: 0 });
  expect(parsed.token()).toBe('t');
});

test.each([
  [[], 'server'],
  [['--server', 'ftp://x'], 'ftp://x'],
  [['--server', 'http://x'], 'token'],
  [['--server', 'http://x', '--token-file', '/no/such'], '/no/such'],
  [['--server', 'http://x', '--token', 't', '--slots', '1.5'], '--slots'],
  [['--server', 'http://x', '--token', 't', '--kind', 'print'], 'print'],
  [['--server', 'http://x', '--token', 't', '--resource', '=1'], '--resource'],
  [['--server', 'http://x', '--token', 't', '--bogus'], '--bogus'],
  [['stray'], 'stray'],
])('wrong flags say what is wrong: %j', (argv, word) => {
  const parsed = parseCommand(argv, {});
  expect('usage' in parsed ? parsed.usage : '').toContain(word);
});

test('a token on the command line warns; every flag is in the help', () => {
  const parsed = parseCommand(['--server', 'http://x', '--token', 't'], {});
  expect('warnings' in parsed ? parsed.warnings.join() : '').toContain('--token-file');
  for (const flag of [
    'server',
    'token-file',
    'name',
    'slots',
    'cpus',
    'ram',
    'gpus',
    'resource',
    'tag',
    'kind',
    'work',
    'prefetch',
  ]) {
    expect(help).toContain(`--${flag} `);
  }
  expect(parseCommand(['--help'], {})).toEqual({ print: help });
});
