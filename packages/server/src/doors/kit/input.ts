import { compileCheck, type Fault } from '@switchyard/sdk/check.ts';
import type { TSchema } from 'typebox';
import type { Refusal, Result } from '../../domain/errors.ts';

export type Check = (value: unknown) => Refusal | null;

/** Checks a body as it is: nothing is converted, nothing dropped, an unknown field is refused by name. */
export function bodyCheck(schema: TSchema): Check {
  const check = compileCheck(schema);
  return (value) => refusalOf(check(value), 'The body');
}

export type TextInput = Readonly<Record<string, unknown>>;

/**
 * Reads parameters of an address: texts become numbers, booleans or lists (split at commas) where the schema says so and the
 * text is exactly that; then they are checked.
 */
export function textInput(schema: TSchema, what: string): (given: TextInput) => Result<TextInput> {
  const check = compileCheck(schema);
  const readers = readersOf(schema);
  return (given) => {
    const value: Record<string, unknown> = {};
    for (const name in given) value[name] = (readers[name] ?? asIs)(given[name]);
    const refusal = refusalOf(check(value), what);
    return refusal === null ? { value } : { refusal };
  };
}

type Reader = (text: unknown) => unknown;

const asIs: Reader = (text) => text;
const wholeNumber: Reader = (text) => (typeof text === 'string' && /^-?\d{1,16}$/.test(text) ? Number(text) : text);
const anyNumber: Reader = (text) => (typeof text === 'string' && /^-?\d{1,16}(\.\d{1,16})?$/.test(text) ? Number(text) : text);
const list: Reader = (text) => (Array.isArray(text) ? text : [text]).flatMap((one) => (one === '' ? [] : String(one).split(',')));
const words: Readonly<Record<string, boolean>> = { true: true, '1': true, '': true, false: false, '0': false };
const trueOrFalse: Reader = (text) => (typeof text === 'string' ? (words[text] ?? text) : text);

const readersByType: Readonly<Record<string, Reader>> = {
  integer: wholeNumber,
  number: anyNumber,
  boolean: trueOrFalse,
  array: list,
};

function readersOf(schema: TSchema): Readonly<Record<string, Reader>> {
  const { properties } = schema as { properties?: Readonly<Record<string, { type?: string }>> };
  const readers: Record<string, Reader> = Object.create(null);
  for (const name in properties) readers[name] = readersByType[properties[name]?.type ?? ''] ?? asIs;
  return readers;
}

function refusalOf(fault: Fault | null, what: string): Refusal | null {
  if (fault === null) return null;
  const place = fault.at === '' ? what : `${what} at ${fault.at}`;
  if (fault.unknown) return { code: 'unknown_field', detail: `${place} ${fault.text}`, at: fault.at };
  return { code: 'malformed', detail: `${place} ${fault.text}`, at: fault.at };
}
