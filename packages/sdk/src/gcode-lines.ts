import { type CommandRole, commandBytesMost, refusedCommand } from './printer-commands.ts';

/**
 * The command of one line of a G-code file: without comments, blanks, a number and checksum of its own, and without what is
 * meant for a host (`@…`, `%`). Empty: nothing is to be sent (an empty line gets no `ok`, printerlynx §6.1).
 */
export function commandOf(line: string): string {
  const semicolon = line.indexOf(';');
  let text = (semicolon < 0 ? line : line.slice(0, semicolon)).trim();
  const first = text[0];
  if (first === '@' || first === '%') return '';
  if (first === 'N' || first === 'n') text = numbered.exec(text)?.[1] ?? text;
  return text.length > messageMost && isMessage.test(text) ? text.slice(0, messageMost) : text;
}

const numbered = /^[Nn]\d+\s+(.*?)\s*(?:\*\s*\d+)?$/;
const isMessage = /^M11[78]\b/i;
/** Texts for people may be cut, nothing else may; two bytes a letter at most. */
const messageMost = commandBytesMost / 2;

export interface GcodeFault {
  /** From 1. */
  readonly line: number;
  readonly why: string;
}

export interface GcodeCount {
  readonly lines: number;
  readonly commands: number;
}

const lineMost = 4_096;
/** Part of no text file; tabs and line ends are. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those are looked for
const binary = /[\x00-\x08\x0e-\x1f\x7f]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those are looked for
const foreign = /[^\x00-\x7f]/;
const selectsTool = /^T[xc?]$/i;
const role: CommandRole = 'file';

/** Looks through a file as it comes, piece by piece: whether a printer can be given every line of it. */
export class GcodeCheck {
  readonly #decoder = new TextDecoder('latin1');
  #rest = '';
  #lines = 0;
  #commands = 0;
  #fault: GcodeFault | null = null;

  /** The first fault, or null so far. After a fault nothing more is looked at. */
  push(bytes: Uint8Array): GcodeFault | null {
    if (this.#fault !== null) return this.#fault;
    const text = this.#rest + this.#decoder.decode(bytes);
    const suspect = binary.test(text);
    const lines = text.split('\n');
    const rest = lines.pop() ?? '';
    for (const line of lines) if (this.#line(line, suspect) !== null) return this.#fault;
    // Of a line without end only the beginning matters: it is a comment by then, or too long.
    this.#rest = rest.length > lineMost ? rest.slice(0, lineMost) : rest;
    return suspect && binary.test(rest) ? this.#line(rest, suspect) : null;
  }

  end(): GcodeFault | GcodeCount {
    if (this.#fault === null && this.#rest !== '') this.#line(this.#rest, true);
    if (this.#fault !== null) return this.#fault;
    if (this.#commands === 0) return { line: Math.max(1, this.#lines), why: 'the file has no command' };
    return { lines: this.#lines, commands: this.#commands };
  }

  #line(line: string, suspect: boolean): GcodeFault | null {
    this.#lines += 1;
    const command = commandOf(line);
    const why = suspect && binary.test(line) ? 'it is not text' : faultOf(command);
    if (why !== null) this.#fault = { line: this.#lines, why };
    else if (command !== '') this.#commands += 1;
    return this.#fault;
  }
}

/** Almost every line of every file; none of these is refused to anybody. */
const plainMove = /^[Gg]\d[\x20-\x3a\x3c-\x7e]{0,78}$/;

function faultOf(command: string): string | null {
  if (command === '' || plainMove.test(command) || selectsTool.test(command)) return null;
  if (foreign.test(command) && !isMessage.test(command)) return 'the command holds letters that no printer knows';
  switch (refusedCommand(command, role)) {
    case null:
      return null;
    case 'Command is too long':
      return `the command is longer than ${commandBytesMost} bytes`;
    case 'Command is not allowed':
      return `${command.split(' ')[0]} is not allowed in a print`;
    default:
      return `"${command.slice(0, 30)}" is not a command of this kind of printer`;
  }
}
