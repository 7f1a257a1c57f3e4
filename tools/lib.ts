import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '..');

/** Text of a file of the repository. */
export function textOf(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

/** Files that match, relative to the root, with forward slashes, in order; nothing below `node_modules` or `dist`. */
export function filesOf(pattern: string): string[] {
  return globSync(pattern, { cwd: root, exclude: (name) => /(^|[\\/])(node_modules|dist)([\\/]|$)/.test(name) })
    .map((file) => file.replaceAll('\\', '/'))
    .sort();
}

/**
 * Blanks comments, keeping every line where it was. With `strings` it blanks the inside of texts too.
 * Knows no regular expressions: one that holds a quote or `//` may confuse it for the rest of its line only.
 */
export function withoutComments(source: string, { strings = false } = {}): string {
  const parts = /\/\*[\s\S]*?\*\/|(^|[^:\\])\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g;
  return source.replace(parts, (part, before: string | undefined) => {
    if (part.startsWith('/*')) return part.replace(/[^\n]/g, ' ');
    if (/^['"`]/.test(part)) return strings ? part[0] + part.slice(1, -1).replace(/[^\n]/g, ' ') + part.at(-1) : part;
    return (before ?? '') + ' '.repeat(part.length - (before ?? '').length);
  });
}

export function lineAt(source: string, index: number): number {
  return source.slice(0, index).split('\n').length;
}

/** The rows of the Markdown table that stands under the heading, as cells without back-ticks; without its two head lines. */
export function tableUnder(markdown: string, heading: string): string[][] {
  const start = markdown.indexOf(`\n## ${heading}\n`);
  if (start < 0) throw new Error(`no heading "${heading}"`);
  const section = markdown.slice(start + 1).split(/\n(?=## )/)[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((line) =>
    line
      .slice(1, line.lastIndexOf('|'))
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

export const listOf = (cell: string | undefined): string[] =>
  (cell ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
