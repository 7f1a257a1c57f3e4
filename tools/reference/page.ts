/** A page made from a table of the code: its first line says so. */
export function page(title: string, source: string, ...parts: readonly string[]): string {
  const note = `<!-- Made by \`npm run docs\` from \`${source}\`. Do not edit: change the table there. -->`;
  return `${[note, `# ${title}`, ...parts].join('\n\n')}\n`;
}

export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heads), `|${heads.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

export const code = (text: string): string => `\`${text}\``;
