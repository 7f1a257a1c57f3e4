/** What leaves for the printer, as text (printerlynx §6.1). */

const encoder = new TextEncoder();

/** XOR of all bytes before the `*`. */
export function checksum(text: string): number {
  let sum = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) return checksumOfBytes(encoder.encode(text));
    sum ^= code;
  }
  return sum;
}

function checksumOfBytes(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => sum ^ byte, 0);
}

/** `N3 G1 X10*126`, with its line end. */
export function numbered(number: number, command: string): string {
  const text = `N${number} ${command}`;
  return `${text}*${checksum(text)}\n`;
}

/** Commands that may take minutes before their `ok` (§6.2.5), besides those that only wait in the planner. */
const long = new Set('G4 G28 G29 G30 G33 G34 G76 M0 M1 M48 M109 M190 M191 M226 M303 M306 M400 M600 M601 M701 M702'.split(' '));

/** Commands that wait for a temperature: `M108` ends them. */
const heating = new Set(['M109', 'M190', 'M191']);

/** `g01 x5` -> `G1`; empty: not a command. */
export function wordOf(command: string): string {
  const found = /^([A-Za-z])0*(\d+)/.exec(command);
  return found === null ? '' : `${found[1]?.toUpperCase()}${found[2]}`;
}

export const isLong = (command: string): boolean => long.has(wordOf(command));

export const waitsForHeat = (command: string): boolean => heating.has(wordOf(command));
