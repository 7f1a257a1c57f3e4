import { styleText } from 'node:util';

export type Style = Parameters<typeof styleText>[0];

/** Colours on a terminal only, and never with NO_COLOR (`styleText` looks at both). */
export function paint(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(style, text, { stream });
}

/** Names come from other people: nothing in them may steer a terminal. */
export function clean(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '\u00b7');
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** For people, beside the output. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  print(process.stdout.isTTY ? JSON.stringify(value, null, 2) : JSON.stringify(value));
}

/** Bytes to a stream, at the speed of whoever reads it. */
export function writeBytes(stream: NodeJS.WriteStream, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(bytes, (error) => (error === undefined || error === null ? resolve() : reject(error)));
  });
}

export const isTerminal = (): boolean => process.stdout.isTTY === true;
