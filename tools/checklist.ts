import { existsSync } from 'node:fs';
import path from 'node:path';
import { filesOf, lineAt, root, textOf, withoutComments } from './lib.ts';

/** The checklist of one protocol: its section number and the numbers of its points. */
export interface Checklist {
  readonly name: string;
  readonly section: number;
  readonly points: readonly number[];
}

export interface Citation {
  readonly name: string;
  readonly section: number;
  readonly point: number;
  readonly line: number;
}

/** Reads the section "… works with the real …" of a protocol's specification; null: it has none. */
export function checklistOf(name: string, markdown: string): Checklist | null {
  const sections = markdown.split(/\n(?=## )/);
  for (const section of sections) {
    const heading = /^## (\d+)\. (?:it )?works with /i.exec(section);
    if (heading === null) continue;
    const points = [...section.matchAll(/^(\d+)\. /gm)].map(([, number]) => Number(number));
    return { name, section: Number(heading[1]), points };
  }
  return null;
}

/**
 * Points cited in titles of tests and suites: `kueue §8.15`, several as `kueue §8.3 §8.4`. Comments do not count, nor does
 * what is skipped, left to do, or not a title.
 */
export function citationsOf(source: string): Citation[] {
  const code = withoutComments(source);
  return titlesOf(code).flatMap(({ text, index }) =>
    [...text.matchAll(/\b([a-z]+)((?:,? ?§\d+\.\d+)+)/g)].flatMap(([, name, list]) =>
      [...(list ?? '').matchAll(/§(\d+)\.(\d+)/g)].map(([, section, point]) => ({
        name: name ?? '',
        section: Number(section),
        point: Number(point),
        line: lineAt(code, index),
      })),
    ),
  );
}

/** Texts that hold a §, with the call they are an argument of: the nearest `it`, `test` or `describe` before them. */
function titlesOf(code: string): { text: string; index: number }[] {
  return [...code.matchAll(/'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g)]
    .filter(([text]) => text.includes('§'))
    .filter(({ index }) => isTitleOfRunning(code.slice(0, index)))
    .map(({ 0: text, index }) => ({ text: text.slice(1, -1), index }));
}

/** The last call before the text must be a test's, and must not be told to be skipped. */
function isTitleOfRunning(before: string): boolean {
  const call = [...before.matchAll(/\b(?:it|test|describe)((?:\.\w+)*)\s*[(`]/g)].at(-1);
  return call !== undefined && !/\.(skip|todo)\b/.test(call[1] ?? '');
}

/** What is missing or cited in error, one sentence each. */
export function gaps(lists: readonly Checklist[], cited: readonly (Citation & { file: string })[]): string[] {
  const missing = lists.flatMap(({ name, section, points }) =>
    points
      .filter((point) => !cited.some((one) => one.name === name && one.section === section && one.point === point))
      .map((point) => `${name} §${section}.${point} is cited by no test`),
  );
  const wrong = cited.flatMap((one) => {
    const list = lists.find(({ name, section }) => name === one.name && section === one.section);
    if (list === undefined || list.points.includes(one.point)) return [];
    return [`${one.file}:${one.line} cites ${one.name} §${one.section}.${one.point}, which does not exist`];
  });
  return [...missing, ...wrong];
}

/** Only of the doors that we have. */
function ourLists(): Checklist[] {
  const names = filesOf('docs/protocols/*.md').map((file) => path.posix.basename(file, '.md'));
  const doors = names.filter((name) => existsSync(path.join(root, `packages/server/src/doors/${name}/table.ts`)));
  return doors.map((name) => {
    const list = checklistOf(name, textOf(`docs/protocols/${name}.md`));
    if (list === null || list.points.length === 0) throw new Error(`docs/protocols/${name}.md has no checklist`);
    return list;
  });
}

if (process.argv[1] === path.join(root, 'tools/checklist.ts')) {
  const lists = ourLists();
  const cited = filesOf('packages/*/test/**/*.ts').flatMap((file) => citationsOf(textOf(file)).map((one) => ({ ...one, file })));
  const found = gaps(lists, cited);
  for (const line of found) console.log(line);
  const points = lists.reduce((sum, list) => sum + list.points.length, 0);
  console.log(`${lists.length} doors with ${points} points: ${found.length} problems`);
  process.exitCode = found.length === 0 ? 0 : 1;
}
