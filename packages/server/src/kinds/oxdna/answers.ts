import { type Result, refuse } from '../../domain/errors.ts';
import { finiteNumber, uintMax, wholeNumber } from './numbers.ts';
import { type Choice, type Options, type Property, tree, type ValueType } from './tree.ts';

export type Answers = readonly { readonly name: string; readonly value: string }[];

const expected: Readonly<Record<ValueType, string>> = {
  UNSIGNED_INTEGER: `a whole number from 1 to ${uintMax}`,
  FLOAT: 'a number',
  BOOLEAN: 'true or false',
};

/**
 * Keys of oxDNA from the answers to the tree (dnaforge §3.4), walked along the chosen values: each property and choice that is
 * met must be answered, others are left alone. Refused with the option's name.
 */
export function keysOfAnswers(answers: Answers): Result<Map<string, string>> {
  const left = new Map<string, string>();
  for (const { name, value } of answers) if (!left.has(name)) left.set(name, value);
  const keys = new Map<string, string>();
  const wrong = choose(tree, left, keys);
  return wrong === null ? { value: keys } : refuse('invalid', wrong);
}

function choose(options: Options, left: Map<string, string>, keys: Map<string, string>): string | null {
  for (const [key, value] of Object.entries(options.sets)) keys.set(key, value);
  for (const entry of options.entries) {
    const given = left.get(entry.name);
    if (given === undefined) return `${entry.name} is missing`;
    left.delete(entry.name);
    const wrong = entry.is === 'property' ? set(entry, given, keys) : branch(entry, given, left, keys);
    if (wrong !== null) return wrong;
  }
  return null;
}

function set({ name, type, keys: names, suffix = '' }: Property, given: string, keys: Map<string, string>): string | null {
  const text = readers[type](given);
  if (text === null) return `${name} must be ${expected[type]}`;
  for (const key of names) keys.set(key, `${text}${suffix}`);
  return null;
}

function branch({ name, values }: Choice, given: string, left: Map<string, string>, keys: Map<string, string>): string | null {
  const chosen = values.find((value) => value.name === given);
  if (chosen === undefined) return `${name} must be one of: ${values.map((value) => value.name).join(', ')}`;
  return choose(chosen, left, keys);
}

const asText = (value: number | null): string | null => (value === null ? null : String(value));

const readers: Readonly<Record<ValueType, (given: string) => string | null>> = {
  UNSIGNED_INTEGER: (given) => asText(wholeNumber(given)),
  FLOAT: (given) => asText(finiteNumber(given)),
  BOOLEAN: (given) => (given === 'true' || given === 'false' ? given : null),
};
