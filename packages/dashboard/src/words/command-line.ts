/** Splits a line as a POSIX shell splits words: blanks, quotes, backslashes; nothing is expanded. Null: a quote is not closed. */
export function splitCommand(line: string): string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  let quote: '"' | "'" | null = null;
  for (let at = 0; at < line.length; at++) {
    const letter = line[at] ?? '';
    if (quote === "'") {
      if (letter === "'") quote = null;
      else word += letter;
    } else if (letter === '\\' && (quote === null || '"\\$`'.includes(line[at + 1] ?? ' '))) {
      word = (word ?? '') + (line[++at] ?? '');
    } else if (quote === '"') {
      if (letter === '"') quote = null;
      else word += letter;
    } else if (letter === '"' || letter === "'") {
      quote = letter;
      word ??= '';
    } else if (/\s/.test(letter)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + letter;
  }
  if (quote !== null) return null;
  if (word !== null) words.push(word);
  return words;
}

/** One word as it must be written so that a shell gives it back. */
export function quoted(word: string): string {
  return /^[A-Za-z0-9_./:=@%+,{}-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
