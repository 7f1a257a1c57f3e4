/**
 * Splits a command line as a POSIX shell does, with quotes and backslashes, and nothing else of a shell: no variables, no
 * patterns (flamenco §6.1 exec). Null: a quote is not closed, or nothing follows the last backslash.
 */
export function splitWords(line: string): string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  for (let i = 0; i < line.length; i++) {
    const char = line.charAt(i);
    if (/\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (char === "'") {
      const end = line.indexOf("'", i + 1);
      if (end < 0) return null;
      word = (word ?? '') + line.slice(i + 1, end);
      i = end;
    } else if (char === '"') {
      const quoted = inDoubleQuotes(line, i + 1);
      if (quoted === null) return null;
      word = (word ?? '') + quoted.text;
      i = quoted.end;
    } else if (char === '\\') {
      if (i + 1 >= line.length) return null;
      word = (word ?? '') + line.charAt(++i);
    } else word = (word ?? '') + char;
  }
  if (word !== null) words.push(word);
  return words;
}

/** A backslash hides only a quote and a backslash there. */
function inDoubleQuotes(line: string, from: number): { text: string; end: number } | null {
  let text = '';
  for (let i = from; i < line.length; i++) {
    const char = line.charAt(i);
    if (char === '"') return { text, end: i };
    const next = line.charAt(i + 1);
    if (char === '\\' && (next === '"' || next === '\\')) {
      text += next;
      i++;
    } else text += char;
  }
  return null;
}
