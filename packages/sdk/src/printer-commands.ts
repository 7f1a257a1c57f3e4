/** Who wants a command sent to a printer: a person, one who runs the yard, or a file that is being printed. */
export type CommandRole = 'user' | 'admin' | 'file';

export const commandBytesMost = 80;

/**
 * What is refused to whom (printerlynx §5.4): the line counter, the printer's own card, waits for a button, new firmware, its
 * stored settings. A file may wait for a button (a change of filament), but not stop the printer for good.
 */
const refused: Readonly<Record<string, readonly CommandRole[]>> = {
  M0: ['user', 'admin'],
  M1: ['user', 'admin'],
  M28: ['user', 'admin', 'file'],
  M29: ['user', 'admin', 'file'],
  M30: ['user', 'admin', 'file'],
  M32: ['user', 'admin', 'file'],
  M110: ['user', 'admin', 'file'],
  M112: ['file'],
  M500: ['user', 'file'],
  M501: ['user', 'file'],
  M502: ['user', 'file'],
  M997: ['user', 'admin', 'file'],
};

/** `g01 x5` -> `G1`; empty: not a command. */
export function commandWord(command: string): string {
  const found = /^([GMT])0*(\d{1,5})(?!\d)/i.exec(command);
  return found === null ? '' : `${found[1]?.toUpperCase()}${found[2]}`;
}

/** The wire's own text for why it is not sent (printerlynx §5.4 row 12), or null. The command is trimmed already. */
export function refusedCommand(command: string, role: CommandRole): string | null {
  if (command === '') return 'Command is not valid';
  if (/[\r\n\0]/.test(command)) return 'Command must be a single line';
  if (new TextEncoder().encode(command).length > commandBytesMost) return 'Command is too long';
  const word = commandWord(command);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those are looked for
  if (word === '' || /[\x00-\x1f\x7f;]/.test(command)) return 'Command is not valid';
  return refused[word]?.includes(role) ? 'Command is not allowed' : null;
}

export const isEmergencyStop = (command: string): boolean => commandWord(command) === 'M112';

/** Any G: refused while a print runs that is not paused (printerlynx §5.4 row 13). */
export const movesPrinter = (command: string): boolean => /^G/i.test(command);
