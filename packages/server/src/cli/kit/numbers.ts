import { InvalidArgumentError } from 'commander';
import { parseDuration, parseSize } from '../../config/units.ts';

/** Parsers for commander: a wrong value ends in a sentence with the flag's name. */
export function whole(min: number, max: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!Number.isSafeInteger(value) || value < min || value > max) {
      throw new InvalidArgumentError(
        max === Number.MAX_SAFE_INTEGER
          ? `It must be a whole number from ${min} on.`
          : `It must be a whole number from ${min} to ${max}.`,
      );
    }
    return value;
  };
}

/** ms */
export function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === null) throw new InvalidArgumentError('It must be a time with its unit, such as 90s, 15m, 2h or 1d.');
  return ms;
}

/** MiB; a bare number is MiB already. */
export function mebibytes(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  const bytes = parseSize(text);
  if (bytes === null) throw new InvalidArgumentError('It must be a size such as 512MiB or 4GiB (a bare number is MiB).');
  return Math.ceil(bytes / 1024 ** 2);
}
