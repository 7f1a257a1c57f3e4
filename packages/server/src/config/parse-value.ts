import { hint } from './nearest.ts';
import type { OptionRow, OptionType, SettingValue } from './options.ts';
import { durationText, sizeText } from './spelling.ts';
import { parseDuration, parseSize } from './units.ts';

export type Parsed = { readonly value: NonNullable<SettingValue> } | { readonly wrong: string };

const switches: Readonly<Record<string, boolean>> = {
  on: true,
  true: true,
  yes: true,
  '1': true,
  off: false,
  false: false,
  no: false,
  '0': false,
};

function bounded(value: number | null, what: string, min: number, max: number, write: (value: number) => string): Parsed {
  if (value === null || !Number.isSafeInteger(value)) return { wrong: `must be ${what}` };
  if (value < min || value > max) return { wrong: `must be between ${write(min)} and ${write(max)}` };
  return { value };
}

function parseList(text: string, of: readonly string[] | undefined): Parsed {
  const words = text
    .split(/[\s,]+/)
    .map((word) => word.trim())
    .filter((word) => word !== '');
  const strange = of === undefined ? undefined : words.find((word) => !of.includes(word));
  if (strange !== undefined && of !== undefined) return { wrong: `does not know "${strange}"; ${hint(strange, of)}` };
  return { value: [...new Set(words)] };
}

function parseText(text: string, type: OptionType): Parsed {
  switch (type.is) {
    case 'integer':
      return bounded(/^-?\d+$/.test(text.trim()) ? Number(text) : null, 'a whole number', type.min, type.max, String);
    case 'duration':
      return bounded(parseDuration(text), 'a time with its unit, such as 90s, 15m, 2h or 1d', type.min, type.max, durationText);
    case 'size':
      return bounded(parseSize(text), 'a size such as 512KiB, 64MiB or 10GiB', type.min, type.max, sizeText);
    case 'switch': {
      const value = switches[text.trim().toLowerCase()];
      return value === undefined ? { wrong: 'must be on or off' } : { value };
    }
    case 'choice':
      return type.of.includes(text)
        ? { value: text as NonNullable<SettingValue> }
        : { wrong: `must be one of ${type.of.join(', ')}; ${hint(text, type.of)}` };
    case 'list':
      return parseList(text, type.of);
    default:
      return text.length < (type.minLength ?? 0) ? { wrong: 'must not be empty' } : { value: text as NonNullable<SettingValue> };
  }
}

/** A value from a file may have its own type; from a flag or a variable it is text. */
export function parseValue(raw: unknown, row: OptionRow): Parsed {
  if (typeof raw === 'string') return parseText(raw, row.type);
  if (typeof raw === 'boolean' && row.type.is === 'switch') return { value: raw };
  if (typeof raw === 'number' || typeof raw === 'bigint') {
    return row.type.is === 'text' || row.type.is === 'choice'
      ? { wrong: 'must be text in quotes' }
      : parseText(String(raw), row.type);
  }
  if (Array.isArray(raw) && row.type.is === 'list' && raw.every((item): item is string => typeof item === 'string')) {
    return parseList(raw.join(','), row.type.of);
  }
  return { wrong: 'has a type that does not fit' };
}
