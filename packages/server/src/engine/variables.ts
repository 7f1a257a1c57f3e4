import { type Result, refuse } from '../domain/errors.ts';
import { may, type Principal } from '../domain/principal.ts';
import { reservedNames, type Variable, type Variables, variableName } from '../domain/variables.ts';
import type { Records } from '../ports/records.ts';

/** The yard's variables: few, read at every hand-out, changed by people. In memory, and in the records. */
export interface VariableBook {
  /** As they are now; another map after every change. */
  readonly all: Variables;
  set(by: Principal, name: string, variable: Variable): Promise<Result<Variable>>;
  remove(by: Principal, name: string): Promise<Result<null>>;
}

const collection = 'variable';
const mostVariables = 200;

/** For the audit trail: who did what, and how it was refused. */
export type VariableAudit = (
  by: Principal,
  command: 'setVariable' | 'removeVariable',
  name: string,
  refusal: string | null,
) => Promise<unknown>;

export async function openVariables(records: Records, audit: VariableAudit): Promise<VariableBook> {
  let all: Variables = await load(records);
  const forbidden = (by: Principal) =>
    may(by, 'worker:control') ? null : refuse('forbidden', `${by.name} may not change variables: they say what workers run`);

  async function set(by: Principal, name: string, variable: Variable): Promise<Result<Variable>> {
    const no = forbidden(by) ?? wrongName(name) ?? wrongValue(name, variable);
    if (no !== null) return no;
    if (!all.has(name) && all.size >= mostVariables) return refuse('too_many', `There are ${all.size} variables already`);
    // Newest wins: whoever came in between is replaced.
    for (;;) {
      const found = await records.get<Variable>(collection, name);
      if ((await records.put(collection, name, variable, found?.revision ?? null)).ok) break;
    }
    all = await load(records);
    return { value: variable };
  }

  async function remove(by: Principal, name: string): Promise<Result<null>> {
    const no = forbidden(by);
    if (no !== null) return no;
    if (!(await records.delete(collection, name))) return refuse('not_found', `There is no variable ${name}`);
    all = await load(records);
    return { value: null };
  }

  return {
    get all() {
      return all;
    },
    async set(by, name, variable) {
      const result = await set(by, name, variable);
      await audit(by, 'setVariable', name, result.refusal?.code ?? null);
      return result;
    },
    async remove(by, name) {
      const result = await remove(by, name);
      await audit(by, 'removeVariable', name, result.refusal?.code ?? null);
      return result;
    },
  };
}

async function load(records: Records): Promise<Variables> {
  const rows = await records.list<Variable>(collection);
  return new Map(rows.map(({ key, value }) => [key, value]));
}

function wrongName(name: string) {
  if (!variableName.test(name)) {
    return refuse('invalid', `${name} is no name of a variable: letters, digits, _ and -, not beginning with a digit`);
  }
  return reservedNames.includes(name) ? refuse('invalid', `{${name}} has a meaning already; choose another name`) : null;
}

function wrongValue(name: string, { direction, values }: Variable) {
  const seen = new Set<string>();
  for (const { platforms, audience, value } of values) {
    for (const platform of platforms) {
      const place = `${platform}, ${audience}`;
      if (seen.has(place)) return refuse('invalid', `${name} has two values for ${place}`, '/values');
      seen.add(place);
    }
    if (value.includes('\0')) return refuse('invalid', `A value of ${name} holds a zero byte`, '/values');
    if (direction === 'twoway' && !isFolder(value)) {
      return refuse('invalid', `${name} is two-way, so its values are absolute folders; ${value} is not one`, '/values');
    }
  }
  return null;
}

/** Blender takes a leading `//` for "beside the blend file", so network paths need a drive letter or a mount (flamenco §5.5). */
function isFolder(value: string): boolean {
  return /^(\/[^/]|[A-Za-z]:([\\/]|$))/.test(value);
}
