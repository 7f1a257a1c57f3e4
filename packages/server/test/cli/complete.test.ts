import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { type Ask, candidates } from '../../src/cli/kit/complete.ts';
import { liveWords } from '../../src/cli/kit/live-words.ts';
import { openApiYard } from '../api/lib/api-yard.ts';

const run = promisify(execFile);
const switchyard = new URL('../../bin/switchyard', import.meta.url).pathname;

/** Answers with the name of what was asked for. */
const ask: Ask = async (source) => [{ value: source, text: '' }];
const at = async (line: string, asked: Ask = ask): Promise<string[]> =>
  (await candidates(line.split(' ').slice(1), asked)).map(({ value }) => value);

describe('what may stand at the cursor', () => {
  test('commands, then subcommands, then flags with their values', async () => {
    expect(await at('switchyard ')).toEqual(commands.map(({ name }) => name));
    expect(await at('switchyard sched')).toEqual(['schedules']);
    expect(await at('switchyard schedules ')).toEqual(['list', 'add', 'show', 'pause', 'resume', 'run', 'remove']);
    expect(await at('switchyard schedules add x --overl')).toEqual(['--overlap']);
    for (const line of ['--overlap ', '--overlap = ']) {
      const found = await at(`switchyard schedules add x ${line}`);
      expect(found.map((value) => value.replace('--overlap=', ''))).toEqual(['allow', 'skip', 'queue']);
    }
    expect(await at('switchyard schedules add x --overlap=q')).toEqual(['--overlap=queue']);
    expect(await at('switchyard completion ')).toEqual(['bash', 'zsh', 'fish']);
  });

  test.each([
    ['switchyard cancel ', 'jobs'],
    ['switchyard cancel 1 ', 'jobs'],
    ['switchyard logs ', 'jobs'],
    ['switchyard wait 3 ', 'jobs'],
    ['switchyard submit --after ', 'jobs'],
    ['switchyard submit --worker ', 'workers'],
    ['switchyard workers show ', 'workers'],
    ['switchyard run --pool ', 'pools'],
    ['switchyard pools remove ', 'pools'],
    ['switchyard schedules pause ', 'schedules'],
    ['switchyard webhooks test ', 'webhooks'],
    ['switchyard variables remove ', 'variables'],
    ['switchyard printers show ', 'printers'],
  ])('%s: %s', async (line, source) => expect(await at(line)).toEqual([source]));

  test('nothing where a file or a program may stand, and nothing for what is unknown', async () => {
    expect(await at('switchyard run -- ./x ')).toEqual([]);
    expect(await at('switchyard submit -f ')).toEqual([]);
    expect(await at('switchyard nonsense ')).toEqual([]);
  });

  test('every command can be asked', async () => {
    for (const { name, load } of commands) {
      (await load()).define(new Command(name));
      expect(await at(`switchyard ${name} --hel`)).toEqual(['--help']);
    }
  });
});

describe('with a server', () => {
  test('live ids, names of people cleaned; what a shell would look at twice is left out', async () => {
    await using place = await openApiYard();
    const ada = place.as('ada');
    const { job } = await ada.jobs.submit({ name: 'night\n$(reboot)', spec: { argv: ['true'], cwd: '/' } });
    const live = liveWords(async () => ada);
    const [found] = await candidates(['cancel', ''], live);
    expect(found).toEqual({ value: String(job.id), text: 'waiting night·$(reboot)' });
    const pools = async () => (await candidates(['pools', 'remove', ''], live)).map(({ value }) => value);
    await place.as('operator').pools.set('matlab', 2);
    expect(await pools()).toEqual(['matlab']);
    const names = ['a b', '$(x)', '`x`', 'a;b', "a'b", 'ok'];
    const asked = liveWords(
      async () => ({ pools: { list: async () => names.map((name) => ({ name, used: 0, total: 1 })) } }) as never,
    );
    expect((await asked('pools')).map(({ value }) => value)).toEqual(['ok']);
  });

  test('bash, really: commands, live job ids, values behind =, silence without a server', async () => {
    await using place = await openApiYard();
    const { job } = await place.as('ada').jobs.submit({ spec: { argv: ['true'], cwd: '/' } });
    const complete = async (server: string, ...words: string[]): Promise<string> => {
      const script = `source <("$0" completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _switchyard "$0"; printf '%s ' "\${COMPREPLY[@]}"`;
      const env = { PATH: process.env.PATH, SWITCHYARD_SERVER: server, SWITCHYARD_TOKEN: 'ada', HOME: '/nonexistent' };
      const { stdout, stderr } = await run('bash', ['-c', script, switchyard, 'switchyard', ...words], { env });
      expect(stderr).toBe('');
      return stdout.trim();
    };
    const { url } = place.listener;
    expect(await complete(url, 'canc')).toBe('cancel');
    expect(await complete(url, 'cancel', '')).toBe(String(job.id));
    expect(await complete(url, 'schedules', 'add', 'x', '--overlap', '=', 's')).toBe('skip');
    const closed = createServer((socket) => void socket.on('error', () => {}).resume());
    await once(closed.listen(0, '127.0.0.1'), 'listening');
    const nobody = `http://127.0.0.1:${(closed.address() as { port: number }).port}`;
    // It answers nothing, for ever.
    expect(await complete(nobody, 'cancel', '')).toBe('');
    await new Promise((resolve) => closed.close(resolve));
    expect(await complete(nobody, 'cancel', '')).toBe('');
  });
});
