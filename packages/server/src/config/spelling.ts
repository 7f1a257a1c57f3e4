import { type OptionName, type OptionRow, rowOf } from './options.ts';

/** How an option is called in each place: `kueue.worker-timeout` -> flag, variable, place in the file. */
export function flagOf(name: OptionName): string {
  return `--${name.replaceAll('.', '-')}`;
}

export function variableOf(name: OptionName): string {
  return `SWITCHYARD_${name.replaceAll(/[.-]/g, '_').toUpperCase()}`;
}

export function fileKeyOf(name: OptionName): string {
  const dot = name.indexOf('.');
  return dot < 0 ? name : `[${name.slice(0, dot)}] ${name.slice(dot + 1)}`;
}

/** How it is written on the command line: `--port N`, `--[no-]local-worker`. */
export function usageOf(name: OptionName): string {
  const row = rowOf(name);
  return row.type.is === 'switch' ? `--[no-]${flagOf(name).slice(2)}` : `${flagOf(name)} ${placeholderOf(row)}`;
}

/** What stands behind the flag in help; empty for a switch. */
export function placeholderOf(row: OptionRow): string {
  switch (row.type.is) {
    case 'integer':
      return 'N';
    case 'switch':
      return '';
    case 'choice':
      return row.type.of.join('|');
    case 'duration':
      return 'TIME';
    case 'size':
      return 'SIZE';
    case 'list':
      return `${row.type.placeholder},…`;
    default:
      return row.type.placeholder;
  }
}

const durationUnits = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;
const sizeUnits = [
  ['TiB', 1024 ** 4],
  ['GiB', 1024 ** 3],
  ['MiB', 1024 ** 2],
  ['KiB', 1024],
] as const;

function inUnits(value: number, units: readonly (readonly [string, number])[], rest: string): string {
  const unit = units.find(([, size]) => value !== 0 && value % size === 0);
  return unit === undefined ? `${value}${value === 0 ? '' : rest}` : `${value / unit[1]}${unit[0]}`;
}

export const durationText = (ms: number): string => inUnits(ms, durationUnits, 'ms');
export const sizeText = (bytes: number): string => inUnits(bytes, sizeUnits, 'B');

/** A value as one would write it. */
export function valueText(row: OptionRow, value: OptionRow['default']): string {
  if (value === null) return '';
  if (Array.isArray(value)) return value.join(',');
  if (row.type.is === 'switch') return value === true ? 'on' : 'off';
  if (row.type.is === 'duration') return durationText(Number(value));
  if (row.type.is === 'size') return sizeText(Number(value));
  return String(value);
}

/** A value in effect, for people: secrets are masked. */
export function shownValue(row: OptionRow, value: OptionRow['default']): string {
  return row.secret === true && value !== null ? '(set, not shown)' : valueText(row, value);
}

/** The default for people; empty where `help` tells it. */
export function defaultText(name: OptionName): string {
  const row = rowOf(name);
  return row.help.includes('default:') || row.help.includes('default $') ? '' : valueText(row, row.default);
}
