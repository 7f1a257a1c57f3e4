// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are what it is about
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CliError } from '../../src/cli/kit/cli-error.ts';
import { jobsInFile } from '../../src/cli/kit/job-file.ts';
import { compile } from '../../src/kinds/index.ts';
import { tempDir } from '../lib/temp-dir.ts';

const jobs = (text: string, ...given: string[]) => jobsInFile('-', Readable.from([text]), given);

async function why(text: string, ...given: string[]): Promise<string> {
  const error: unknown = await jobs(text, ...given).then(
    () => 'taken',
    (cause: unknown) => cause,
  );
  return error instanceof CliError ? `${error.exitCode} ${error.message}` : String(error);
}

const file = (variables: string, argv = "'${a}'"): string => `variables: ${variables}\nspec:\n  argv: [echo, ${argv}]\n`;
const argv = async (text: string, ...given: string[]): Promise<unknown> => (await jobs(text, ...given))[0]?.spec.argv;

describe('variables of a job file', () => {
  test('are put in, in values only, and are themselves not part of the job', async () => {
    const text = 'variables: {a: {required: true}}\nname: x ${a} y ${a}\nlabels: {"${a}": "${a}"}\nspec: {argv: ["${a}"]}';
    expect(await jobs(text, 'a=1 2')).toEqual([{ name: 'x 1 2 y 1 2', labels: { '${a}': '1 2' }, spec: { argv: ['1 2'] } }]);
  });

  test('alone they keep their type, within text they become text', async () => {
    const text = "variables: {n: 3, b: true}\npriority: '${n}'\nhold: ${b}\nspec: {argv: ['p${n}', '${b}!']}";
    expect(await jobs(text)).toEqual([{ priority: 3, hold: true, spec: { argv: ['p3', 'true!'] } }]);
    expect(await jobs(text, 'n=-7', 'b=false')).toMatchObject([{ priority: -7, hold: false }]);
  });

  test('one pass: what comes in is not looked at again, and can be no YAML', async () => {
    expect(await argv(file('{a: {required: true}, c: secret}'), 'a=${c}')).toEqual(['echo', '${c}']);
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (value) => {
        expect(await argv(file('{a: {required: true}}'), `a=${value}`)).toEqual(['echo', value]);
        expect(await argv(file('{a: {required: true}}', "'<${a}>'"), `a=${value}`)).toEqual(['echo', `<${value}>`]);
      }),
    );
  });

  test('$${ is ${ itself; files without variables stay as they are', async () => {
    expect(await argv(file('{a: 1}', "'$${HOME} ${a}'"))).toEqual(['echo', '${HOME} 1']);
    expect(await argv("spec: {argv: ['${HOME}', '$${a}']}")).toEqual(['${HOME}', '$${a}']);
  });

  test('JSON too, several documents, and several jobs beside one set of variables', async () => {
    await using dir = await tempDir();
    const path = join(dir.path, 'job.json');
    await writeFile(path, JSON.stringify({ variables: { a: 2 }, spec: { argv: ['${a}'] } }));
    expect(await jobsInFile(path, process.stdin, ['a=5'])).toEqual([{ spec: { argv: [5] } }]);
    const two = 'variables: {a: x}\njobs:\n- spec: {argv: ["${a}"]}\n- spec: {argv: ["${a}${a}"]}\n---\nspec: {argv: ["${a}"]}';
    expect((await jobs(two)).map(({ spec }) => spec.argv)).toEqual([['x'], ['xx'], ['${a}']]);
  });

  test('anchors stand for the same filled value', async () => {
    const text = 'variables: {a: x}\nname: &n job ${a}\nlabels: {l: *n}\nspec: {argv: [*n]}';
    expect(await jobs(text)).toEqual([{ name: 'job x', labels: { l: 'job x' }, spec: { argv: ['job x'] } }]);
  });
});

describe('what is wrong is said', () => {
  test('a name that nobody declared, with its line', async () => {
    expect(await why('variables: {a: 1}\nname: x\n\nspec:\n  argv:\n    - echo\n    - ${b}\n')).toContain(
      'line 7: there is no variable "b" (declared: a)',
    );
    expect(await why('variables: {a: 1}\nspec:\n  argv:\n    - sh\n    - |\n      one ${a}\n      two ${b}\n')).toContain(
      'line 7:',
    );
    expect(await why(file('{a: 1}', "'${}'"))).toContain('no variable ""');
    expect(await why(file('{a: 1}', "'${constructor}'"))).toContain('no variable "constructor"');
  });

  test('everything that is missing, at once, with its text', async () => {
    const said = await why(file("{a: {required: true, text: 'which month'}, b: {type: integer}}"));
    expect(said).toMatch(/^2 .*need a value:\n {2}--var a=… {3}which month\n {2}--var b=…/s);
  });

  test.each([
    ['{a: {type: integer}}', ['a=1.5'], 'no integer'],
    ['{a: {type: integer}}', ['a=9007199254740993'], 'no integer'],
    ['{a: {type: number}}', ['a=Infinity'], 'no number'],
    ['{a: {type: number}}', ['a=0x10'], 'no number'],
    ['{a: {type: boolean}}', ['a=yes'], 'no boolean'],
    ['{a: {choices: [x, y]}}', ['a=z'], 'one of x, y'],
    ['{a: 1}', ['b=2'], '--var b: this file knows a'],
    ['{a: 1}', ['a'], 'written name=value'],
    ['{a: 1}', ['a=1', 'a=2'], 'given twice'],
  ])('%s with --var %s', async (declared, given, part) => {
    const said = await why(file(declared), ...given);
    expect(said).toContain(part);
    expect(said[0]).toBe('2');
  });

  test.each([
    ['[a]', 'an object of names'],
    ['{1x: 2}', 'begins with a letter'],
    ['{a: null}', 'it is a value, or'],
    ['{a: {typo: 1}}', '"typo" is none of'],
    ['{a: {type: list}}', 'its type is one of'],
    ['{a: {type: integer, default: x}}', 'its default is no integer'],
    ['{a: {required: true, default: 1}}', 'not required'],
    ['{a: {required: false, type: integer}}', 'needs a default'],
    ['{a: {choices: []}}', 'a list of values'],
    ['{a: {choices: [x], default: y}}', 'none of its choices'],
  ])('variables: %s', async (declared, part) => expect(await why(file(declared))).toContain(part));

  test('values for a file that declares none', async () => {
    expect(await why('spec: {argv: [x]}', 'a=1')).toContain('declares no variables');
  });
});

test('the example makes a job that the server takes', async () => {
  const path = new URL('../../../../examples/template.yaml', import.meta.url).pathname;
  const [job] = await jobsInFile(path, process.stdin, ['month=2026-11', 'pages=3']);
  expect(job).toMatchObject({ name: 'report 2026-11', priority: 0, spec: { array: { from: 1, to: 3 } } });
  expect(job?.spec.argv).toContain('echo "report for 2026-11, page $1 of 3, as pdf, in ${HOME}"');
  expect(compile(job as never)).toMatchObject({ value: { name: 'report 2026-11' } });
});
