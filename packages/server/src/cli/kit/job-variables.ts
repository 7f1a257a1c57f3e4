import { CliError, usage } from './cli-error.ts';

/** Values by name, as text. */
export type Values = ReadonlyMap<string, string>;
export type Value = string | number | boolean;

const types = ['string', 'integer', 'number', 'boolean'] as const;
type VariableType = (typeof types)[number];

/** A variable that a job file declares. */
export interface Declared {
  readonly type: VariableType;
  /** Null: it must be given. */
  readonly default: Value | null;
  /** What it may be; null: anything of its type. */
  readonly choices: readonly Value[] | null;
  readonly text: string | null;
}

const namePattern = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;
const mostVariables = 100;

/** `name=value`, each once. */
export function valuesGiven(texts: readonly string[]): Values {
  const values = new Map<string, string>();
  for (const text of texts) {
    const at = text.indexOf('=');
    if (at <= 0) throw usage(`--var is written name=value, not "${text}"`);
    const name = text.slice(0, at);
    if (values.has(name)) throw usage(`--var ${name} is given twice`);
    values.set(name, text.slice(at + 1));
  }
  return values;
}

/** The `variables` of a job file. A plain value stands for a default of its own type. */
export function declarations(value: unknown): ReadonlyMap<string, Declared> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CliError('"variables" is an object of names, such as {month: {required: true}}');
  }
  const entries = Object.entries(value);
  if (entries.length > mostVariables) throw new CliError(`"variables" has more than ${mostVariables} names`);
  return new Map(entries.map(([name, what]) => [name, declared(name, what)]));
}

const fields = new Set(['type', 'default', 'required', 'choices', 'text']);

function declared(name: string, value: unknown): Declared {
  const wrong = (text: string): CliError => new CliError(`variable ${name}: ${text}`);
  if (!namePattern.test(name)) throw wrong('a name has letters, digits, - and _, and begins with a letter');
  if (isValue(value)) return { type: typeOf(value), default: value, choices: null, text: null };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrong('it is a value, or {type, default, required, choices, text}');
  }
  const stray = Object.keys(value).find((key) => !fields.has(key));
  if (stray !== undefined) throw wrong(`"${stray}" is none of ${[...fields].join(', ')}`);
  const { type, default: usual = null, required, choices = null, text = null } = value as Record<string, unknown>;
  if (required !== undefined && typeof required !== 'boolean') throw wrong('"required" is true or false');
  if (required === true && usual !== null) throw wrong('it has a default, so it is not required');
  if (text !== null && typeof text !== 'string') throw wrong('"text" is a sentence about it');
  const kind = type ?? (isValue(usual) ? typeOf(usual) : 'string');
  if (!isType(kind)) throw wrong(`its type is one of ${types.join(', ')}`);
  const right = (one: unknown): one is Value => isValue(one) && fits(kind, one);
  if (usual !== null && !right(usual)) throw wrong(`its default is no ${kind}`);
  if (choices !== null && !(Array.isArray(choices) && choices.length > 0 && choices.every(right))) {
    throw wrong(`"choices" is a list of values of type ${kind}`);
  }
  if (choices !== null && usual !== null && !choices.includes(usual)) throw wrong('its default is none of its choices');
  if (required !== false || usual !== null) return { type: kind, default: usual, choices, text };
  if (kind !== 'string') throw wrong('it is not required, so it needs a default');
  return { type: kind, default: '', choices, text };
}

/** The value of every declared variable. All that is missing is said at once. */
export function settle(variables: ReadonlyMap<string, Declared>, given: Values): ReadonlyMap<string, Value> {
  const missing = [...variables].filter(([name, one]) => one.default === null && !given.has(name));
  if (missing.length > 0) {
    const lines = missing.map(([name, { text }]) => `  --var ${name}=…${text === null ? '' : `   ${text}`}`);
    throw usage(`these variables need a value:\n${lines.join('\n')}`);
  }
  return new Map([...variables].map(([name, one]) => [name, settled(name, one, given.get(name))]));
}

function settled(name: string, { type, default: usual, choices }: Declared, text: string | undefined): Value {
  const value = text === undefined ? usual : parsed(type, text);
  if (value === null) throw usage(`--var ${name}=${text}: that is no ${type}`);
  if (choices !== null && text !== undefined && !choices.includes(value)) {
    throw usage(`--var ${name}=${text}: it is one of ${choices.join(', ')}`);
  }
  return value;
}

/** Null: it is none. */
function parsed(type: VariableType, text: string): Value | null {
  if (type === 'string') return text;
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : null;
  const number = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
  return fits(type, number) ? number : null;
}

function fits(type: VariableType, value: Value): boolean {
  if (type === 'integer') return Number.isSafeInteger(value);
  if (type === 'number') return typeof value === 'number' && Number.isFinite(value);
  return typeof value === type;
}

const isValue = (value: unknown): value is Value => ['string', 'number', 'boolean'].includes(typeof value);
const isType = (value: unknown): value is VariableType => types.some((type) => type === value);

function typeOf(value: Value): VariableType {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'boolean';
  return Number.isSafeInteger(value) ? 'integer' : 'number';
}
