import { ShellSpec } from '@switchyard/sdk/task-spec.ts';
import { describe, expect, test } from 'vitest';
import { graphOf } from '../src/pages/job/graph-model.ts';
import { fieldsOf, specOf } from '../src/pages/submit/schema-fields.ts';
import { emptyFields, shellRequest } from '../src/pages/submit/shell-request.ts';
import { quoted, splitCommand } from '../src/words/command-line.ts';
import { durationText } from '../src/words/time.ts';

describe('a command line', () => {
  test.each([
    ['echo hello', ['echo', 'hello']],
    [`  sh -c 'a  "b"' "c \\" d" e\\ f ''`, ['sh', '-c', 'a  "b"', 'c " d', 'e f', '']],
    ['"a\\b" $HOME', ['a\\b', '$HOME']],
    ['', []],
  ])('%s', (line, words) => {
    expect(splitCommand(line)).toEqual(words);
    expect(splitCommand(words.map(quoted).join(' '))).toEqual(words);
  });

  test('an open quote is no command', () => expect(splitCommand(`echo 'x`)).toBeNull());
});

describe('the submit form', () => {
  test('says the same to the server and to the command line', () => {
    const fields = {
      ...emptyFields,
      command: `run 'a b'`,
      array: '1-9',
      priority: '3',
      tags: 'gpu, linux',
      pools: 'm=2',
      after: '4',
      hold: true,
    };
    expect(shellRequest({ ...fields, name: 'n', cwd: '/x', cpus: '2', ramMb: '512', retries: '1' })).toEqual({
      request: {
        name: 'n',
        priority: 3,
        after: [4],
        hold: true,
        spec: {
          argv: ['run', 'a b'],
          cwd: '/x',
          array: { from: 1, to: 9 },
          retries: 1,
          needs: { cpus: 2, ramMb: 512, tags: ['gpu', 'linux'], pools: { m: 2 } },
        },
      },
      command:
        "switchyard submit --name n --cwd /x --array 1-9 --priority 3 --cpus 2 --ram 512MiB --tag gpu --tag linux --pool m=2 --retries 1 --after 4 --hold -- run 'a b'",
    });
  });

  test.each([
    [{ command: '' }, /command/],
    [{ command: `'` }, /quote/],
    [{ command: 'x', array: '9-1' }, /range/],
    [{ command: 'x', pools: 'm' }, /name=1/],
    [{ command: 'x', cpus: '1.5' }, /whole/],
    [{ command: 'x', after: 'y' }, /ids/],
  ])('%j is not sent', (change, text) => {
    const made = shellRequest({ ...emptyFields, ...change });
    expect('problem' in made && made.problem).toMatch(text);
  });

  test('any kind has one, from its schema', () => {
    const fields = fieldsOf(ShellSpec);
    expect(fields[0]).toMatchObject({ name: 'argv', type: 'lines', required: true });
    expect(fields.find(({ name }) => name === 'retryOn')).toMatchObject({ choices: ['any', 'distinct'] });
    expect(specOf(fields, {})).toEqual({ problem: 'argv is needed.' });
    expect(specOf(fields, { argv: 'a\nb', retries: '2', env: '{"A":"1"}' })).toEqual({
      spec: { argv: ['a', 'b'], retries: 2, env: { A: '1' } },
    });
    expect(specOf(fields, { argv: 'a', env: '{' })).toEqual({ problem: 'env is not JSON yet.' });
  });
});

describe('the task graph', () => {
  const task = (id: number, state: string, array: number | null = null) => ({ id, state, array, key: null }) as never;
  const edge = (parent: number, child: number, childKind = 'task') =>
    ({ parentKind: 'task', parent, childKind, child, done: false }) as never;

  test('an array is one node, in the state that asks most for attention', () => {
    const graph = graphOf([task(1, 'succeeded'), task(2, 'succeeded', 2), task(3, 'failed', 2)], [edge(1, 2, 'array')]);
    expect(graph?.nodes.map(({ id, state, task: shown, size }) => [id, state, shown, size])).toEqual([
      ['task1', 'succeeded', 1, 1],
      ['array2', 'failed', 3, 2],
    ]);
    expect(graph?.edges).toEqual([{ from: 'task1', to: 'array2', done: false }]);
  });

  test('where nothing depends on anything there is none', () => {
    expect(graphOf([task(1, 'ready'), task(2, 'ready')], [edge(99, 1)])).toBeNull();
  });
});

test.each([
  [0, '0 ms'],
  [9_400, '9.4 s'],
  [73_000, '1 min 13 s'],
  [3_600_000, '1 h'],
  [90_061_000, '1 d 1 h'],
])('%i ms is %s', (ms, text) => expect(durationText(ms)).toBe(text));
