import { compileCheck } from '@switchyard/sdk/check.ts';
import Type, { type Static, type TSchema } from 'typebox';
import { type Result, refuse } from '../../domain/errors.ts';

/** Bodies of the REST side (printerlynx §2.2, §2.3). Unknown keys are ignored, as the reference does. */
const text = Type.String({ maxLength: 1_024 });

export const RegisterBody = Type.Object({
  username: text,
  email: text,
  password: text,
  password_confirmation: text,
  /** Ours: needed where registration is not open to the caller. */
  invitation: Type.Optional(text),
});
export const LoginBody = Type.Object({ username: text, password: text });
export const AgentBody = Type.Object({ name: Type.String({ maxLength: 255 }), description: Type.String({ maxLength: 1_000 }) });
export const EmailBody = Type.Object({ email: text });
export const PasswordBody = Type.Object({ old_password: text, password: text, password_confirmation: text });

/** Reads a body by its schema: refused with `invalid` (422), which names the field. */
export function reader<T extends TSchema>(schema: T): (body: unknown) => Result<Static<T>> {
  const check = compileCheck(schema);
  return (body) => {
    const fault = check(body);
    return fault === null ? { value: body as Static<T> } : refuse('invalid', `${fault.at.slice(1) || 'The body'} ${fault.text}`);
  };
}
