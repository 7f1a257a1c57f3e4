import type Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { Variant } from './decode.ts';
import { type FromClient, type FromWorker, fromClient, fromWorker, type Hello, hello, type MessageOf } from './messages.ts';

type Schemas = Record<string, Type.TSchema>;

/** Null: this phase knows no such message, or its body does not have the expected form. */
export type Check<M> = (variant: Variant) => M | null;

function checkerOf<T extends Schemas>(schemas: T): Check<MessageOf<T>> {
  const checks = new Map(Object.entries(schemas).map(([name, schema]) => [name, Compile(schema)]));
  return (variant) => (checks.get(variant.name)?.Check(variant.body) === true ? (variant as MessageOf<T>) : null);
}

export const checkHello: Check<Hello> = checkerOf(hello);
export const checkFromClient: Check<FromClient> = checkerOf(fromClient);
export const checkFromWorker: Check<FromWorker> = checkerOf(fromWorker);
