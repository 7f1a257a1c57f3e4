import { compileCheck, type Fault } from '@switchyard/sdk/check.ts';
import { FromWorker } from '@switchyard/sdk/worker-wire.ts';
import type { TSchema } from 'typebox';
import { type Result, refuse } from '../../../domain/errors.ts';
import { parseJson } from '../../kit/read-body.ts';

type MessageName = FromWorker['m'];

const checks = new Map<string, (value: unknown) => Fault | null>();
for (const schema of (FromWorker as unknown as { anyOf: readonly TSchema[] }).anyOf) {
  const { m } = (schema as unknown as { properties: { m: { const: MessageName } } }).properties;
  checks.set(m.const, compileCheck(schema));
}

/**
 * The messages of one text frame, each checked. Names that this server does not know are left out: a newer worker may say more.
 * Anything else that is not as agreed is a refusal of the whole frame.
 */
export function readFrame(text: string): Result<readonly FromWorker[]> {
  const parsed = parseJson(text);
  if (parsed.refusal !== undefined) return parsed;
  if (!Array.isArray(parsed.value)) return refuse('malformed', 'A frame must be a JSON array of messages');
  const messages: FromWorker[] = [];
  for (const value of parsed.value as unknown[]) {
    const name = typeof value === 'object' && value !== null ? (value as { m?: unknown }).m : undefined;
    if (typeof name !== 'string') return refuse('malformed', 'A message must be an object with a name m');
    const check = checks.get(name);
    if (check === undefined) continue;
    const fault = check(value);
    if (fault !== null) return refuse('malformed', `${name}: ${fault.at} ${fault.text}`, fault.at);
    messages.push(value as FromWorker);
  }
  return { value: messages };
}
