import type { WireTask } from '@switchyard/sdk/worker-wire.ts';

/**
 * `{index}` is the position in the array (0, 1, 2 …), `{item}` (or `{value}`) the value that stands for it: the number of
 * the range, or the item. Outside arrays the text stays as it is.
 */
export function fill(text: string, task: Pick<WireTask, 'index' | 'value'>): string {
  const { index, value } = task;
  if (index === null || !text.includes('{')) return text;
  return text.replace(/\{(index|item|value)\}/g, (_, name: string) =>
    name === 'index' ? String(index) : (value ?? String(index)),
  );
}

/** For inputs that stand for many tasks: `{index}` is the position, `{n}` the same. */
export function fillPosition(text: string, position: number): string {
  return text.includes('{') ? text.replace(/\{(?:index|n)\}/g, String(position)) : text;
}
