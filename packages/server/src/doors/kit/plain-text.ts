/** Names and comments of strangers, for terminals: no control characters, no half characters, bounded. */
export function plainText(text: string, length: number): string {
  const clean = text.toWellFormed().replace(controls, ' ').trim();
  return clean.length <= length
    ? clean
    : `${clean
        .slice(0, length - 1)
        .toWellFormed()
        .replace(/\uFFFD$/, '')}…`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;
