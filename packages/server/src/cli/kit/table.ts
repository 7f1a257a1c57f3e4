import { clean, paint, type Style } from './output.ts';

export interface Column<T> {
  readonly title: string;
  readonly value: (row: T) => string | number;
  readonly right?: boolean;
  readonly style?: (row: T) => Style | null;
}

/** Aligned columns with two blanks between; on a terminal the last column is cut at the edge. */
export function tableText<T>(columns: readonly Column<T>[], rows: readonly T[], width = terminalWidth()): string {
  const cells = rows.map((row) => columns.map((column) => clean(String(column.value(row)))));
  const widths = columns.map((column, i) => Math.max(column.title.length, ...cells.map((line) => line[i]?.length ?? 0)));
  const used = widths.slice(0, -1).reduce((sum, w) => sum + w + 2, 0);
  const last = width === null ? null : Math.max(width - used, columns.at(-1)?.title.length ?? 0);
  const place = (text: string, i: number): string => {
    if (i === columns.length - 1 && columns[i]?.right !== true)
      return last !== null && text.length > last ? cut(text, last) : text;
    return columns[i]?.right === true ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0);
  };
  const head = columns.map((column, i) => place(column.title, i)).join('  ');
  const lines = cells.map((line, at) =>
    line.map((text, i) => styled(columns[i]?.style?.(rows[at] as T) ?? null, place(text, i))).join('  '),
  );
  return [paint('bold', head.trimEnd()), ...lines.map((line) => line.trimEnd())].join('\n');
}

function styled(style: Style | null, text: string): string {
  return style === null ? text : paint(style, text);
}

function cut(text: string, width: number): string {
  return width < 2 ? text.slice(0, width) : `${text.slice(0, width - 1)}…`;
}

export function terminalWidth(): number | null {
  return process.stdout.isTTY ? (process.stdout.columns ?? 80) : null;
}

/** `name: value` lines, values in one column. */
export function factsText(facts: readonly (readonly [string, string | number | null])[]): string {
  const shown = facts.filter(([, value]) => value !== null && value !== '');
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${paint('dim', name.padEnd(width))}  ${clean(String(value))}`).join('\n');
}
