import { hint } from './nearest.ts';
import { type OptionName, type OptionRow, optionNames, rowOf, type Settings, type SettingValue } from './options.ts';
import { parseValue } from './parse-value.ts';
import { fileKeyOf, flagOf, variableOf } from './spelling.ts';

/** Where a value came from; earlier wins. */
export type Origin = 'flag' | 'variable' | 'file' | 'imitated' | 'default';

export interface Sources {
  /** By option name: text of a flag, or true/false of a switch. */
  readonly flags: Readonly<Partial<Record<OptionName, unknown>>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Parsed `switchyard.toml`; null: none. */
  readonly file: { readonly path: string; readonly content: Readonly<Record<string, unknown>> } | null;
}

export type Resolved =
  | {
      readonly settings: Settings;
      readonly origins: Readonly<Record<OptionName, Origin>>;
      /** Sentences to show although the start goes on. */
      readonly warnings: readonly string[];
      readonly problems?: undefined;
    }
  | { readonly problems: readonly string[]; readonly settings?: undefined };

/** Variables that belong to the command line or to tasks, not to the server's options. */
export const otherVariables: readonly string[] = [
  'SWITCHYARD_SERVER',
  'SWITCHYARD_TOKEN',
  'SWITCHYARD_TOKEN_FILE',
  'SWITCHYARD_CA',
  'SWITCHYARD_CONFIG',
  'SWITCHYARD_DEBUG',
  'SWITCHYARD_JOB',
  'SWITCHYARD_TASK',
  'SWITCHYARD_ATTEMPT',
  'SWITCHYARD_ATTEMPT_ID',
  'SWITCHYARD_INDEX',
  'SWITCHYARD_VALUE',
  'SWITCHYARD_ITEM',
  'SWITCHYARD_KEY',
];

/** Of the tests and of CI. */
const testPrefix = 'SWITCHYARD_TEST_';

/** `{port: 1, kueue: {secret: 'x'}}` -> `port`, `kueue.secret`. */
function flatten(content: Readonly<Record<string, unknown>>): Map<string, unknown> {
  const flat = new Map<string, unknown>();
  for (const [key, value] of Object.entries(content)) {
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)) {
      for (const [inner, below] of Object.entries(value)) flat.set(`${key}.${inner}`, below);
    } else {
      flat.set(key, value);
    }
  }
  return flat;
}

function unknownVariables(env: Sources['env']): string[] {
  const known = [...optionNames.map(variableOf), ...otherVariables];
  return Object.keys(env)
    .filter((name) => name.startsWith('SWITCHYARD_') && !name.startsWith(testPrefix) && !known.includes(name))
    .map((name) => `The environment variable ${name} is not known; ${hint(name, known)}`);
}

function unknownKeys(path: string, flat: ReadonlyMap<string, unknown>): string[] {
  return [...flat.keys()]
    .filter((key) => !(optionNames as string[]).includes(key))
    .map((key) => `${path}: "${key}" is not an option; ${hint(key, optionNames)}`);
}

interface Found {
  readonly origin: Origin;
  readonly raw: unknown;
  /** How to name the place in a sentence. */
  readonly place: string;
}

function find(name: OptionName, sources: Sources, flat: ReadonlyMap<string, unknown>): Found | null {
  const row = rowOf(name);
  const flag = sources.flags[name];
  if (flag !== undefined) return { origin: 'flag', raw: flag, place: flagOf(name) };
  const variable = sources.env[variableOf(name)];
  if (variable !== undefined) return { origin: 'variable', raw: variable, place: variableOf(name) };
  if (sources.file !== null && flat.has(name)) {
    return { origin: 'file', raw: flat.get(name), place: `${sources.file.path}: ${fileKeyOf(name)}` };
  }
  const imitated = imitatedText(row, sources.env);
  return imitated === null ? null : { origin: 'imitated', raw: imitated, place: row.imitated ?? '' };
}

/** What the variable of an imitated server says, in our words; empty says nothing there. */
function imitatedText({ imitated, imitatedBeside, imitatedWords = {} }: OptionRow, env: Sources['env']): string | null {
  if (imitated === undefined || (imitatedBeside !== undefined && env[imitatedBeside] === undefined)) return null;
  const text = env[imitated];
  if (text === undefined || text === '') return null;
  return Object.hasOwn(imitatedWords, text) ? (imitatedWords[text] ?? null) : text;
}

/** All options from all places, or every reason why not, each a sentence that names the key and the nearest valid one. */
export function resolveSettings(sources: Sources): Resolved {
  const flat = flatten(sources.file?.content ?? {});
  const problems = [...unknownVariables(sources.env), ...(sources.file === null ? [] : unknownKeys(sources.file.path, flat))];
  const warnings: string[] = [];
  const values: Partial<Record<OptionName, SettingValue>> = {};
  const origins: Partial<Record<OptionName, Origin>> = {};
  for (const name of optionNames) {
    const row = rowOf(name);
    const found = find(name, sources, flat);
    origins[name] = found?.origin ?? 'default';
    values[name] = row.default as SettingValue;
    if (found === null) continue;
    const parsed = parseValue(found.raw, row);
    if ('wrong' in parsed) {
      const shown = row.secret === true ? '' : `, not ${JSON.stringify(found.raw) ?? String(found.raw)}`;
      problems.push(`${found.place} ${parsed.wrong}${parsed.wrong.startsWith('must') ? shown : ''}`);
      continue;
    }
    values[name] = parsed.value;
    if (row.secret === true && found.origin === 'flag') {
      warnings.push(`${flagOf(name)} shows the secret to everybody who can list processes; use ${variableOf(name)} or the file`);
    }
  }
  if (problems.length > 0) return { problems };
  return { settings: values as Settings, origins: origins as Record<OptionName, Origin>, warnings };
}
