/**
 * The command of one line of a file: without comments, blanks, a number and checksum of its own, or what is meant for a host
 * (`@…`, `%`). Empty: nothing is to be sent (an empty line gets no `ok`, printerlynx §6.1).
 */
export function commandOf(line: string): string {
  const semicolon = line.indexOf(';');
  let text = (semicolon < 0 ? line : line.slice(0, semicolon)).trim();
  const first = text.charCodeAt(0);
  if (first === 0x40 || first === 0x25) return '';
  if (first === 0x4e || first === 0x6e) text = withoutNumber(text);
  return isMessage(text) ? text.slice(0, messageMost) : text;
}

const numbered = /^[Nn]\d+\s+(.*?)\s*(?:\*\s*\d+)?$/;

function withoutNumber(text: string): string {
  return numbered.exec(text)?.[1]?.trim() ?? text;
}

/** Texts for people may be cut, nothing else may. */
const messageMost = 80;
const isMessage = (text: string): boolean => text.length > messageMost && /^M11[78]\b/i.test(text);
