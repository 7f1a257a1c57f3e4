import type { LogLineText } from './log-text.ts';

/** Numbers of the lines that have this text in them, whatever its case and colours. */
export function findLines(lines: readonly LogLineText[], search: string): readonly number[] {
  if (search === '') return [];
  const wanted = search.toLowerCase();
  return lines.filter(({ text }) => plain(text).toLowerCase().includes(wanted)).map(({ number }) => number);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one.
const plain = (text: string): string => text.replace(/\u001b\[[0-9;]*[A-Za-z]/g, '');

/** The next found line after (or before) one, around the end; null: there is none. */
export function nextFound(found: readonly number[], at: number | null, by: 1 | -1): number | null {
  const beyond = at === null ? [] : found.filter((number) => (by === 1 ? number > at : number < at));
  return (by === 1 ? (beyond[0] ?? found[0]) : (beyond.at(-1) ?? found.at(-1))) ?? null;
}
