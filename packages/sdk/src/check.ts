import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

/** The first thing wrong with a value, as one would tell a person. */
export interface Fault {
  /** A field that the schema does not have (perhaps a slip of the pen). */
  readonly unknown: boolean;
  /** JSON pointer to the culprit; empty: the value itself. */
  readonly at: string;
  /** `must be integer`, `is missing`, … */
  readonly text: string;
}

interface RawError {
  readonly keyword: string;
  readonly schemaPath: string;
  readonly instancePath: string;
  readonly params: object;
  readonly message: string;
}

/** Compiles a schema once; the check gives null where the value is fine. */
export function compileCheck(schema: TSchema): (value: unknown) => Fault | null {
  const compiled = Compile(schema);
  return (value) => (compiled.Check(value) ? null : faultOf(compiled.Errors(value) as readonly RawError[]));
}

function faultOf(errors: readonly RawError[]): Fault {
  // `boolean` only repeats what `additionalProperties` says with the name.
  const said = errors.filter((error) => error.keyword !== 'boolean');
  const chosen = worst(said, '#');
  const fault = toFault(chosen);
  const allowed = chosen === undefined ? [] : allowedAt(chosen, said);
  return allowed.length === 0 ? fault : { ...fault, text: allowedText(allowed) };
}

/** What may stand where something else stands; of a union of constants all of them. */
function allowedAt(chosen: RawError, errors: readonly RawError[]): readonly unknown[] {
  if (chosen.keyword === 'enum') return (chosen.params as { allowedValues?: readonly unknown[] }).allowedValues ?? [];
  if (chosen.keyword !== 'const') return [];
  const here = errors.filter((error) => error.keyword === 'const' && error.instancePath === chosen.instancePath);
  return [...new Set(here.map((error) => (error.params as { allowedValue?: unknown }).allowedValue))];
}

const shown = 30;

function allowedText(allowed: readonly unknown[]): string {
  const words = allowed.slice(0, shown).map((one) => (typeof one === 'string' && one !== '' ? one : JSON.stringify(one)));
  if (allowed.length === 1) return `must be ${words.join('')}`;
  return `must be one of ${words.join(', ')}${allowed.length > shown ? ', …' : ''}`;
}

/** Outside of unions the first error counts; inside, the first of the alternative that was most likely meant. */
function worst(errors: readonly RawError[], under: string): RawError | undefined {
  const plain = errors.find((error) => error.keyword !== 'anyOf' && branchOf(error, under) === null);
  if (plain !== undefined) return plain;
  const union = errors.find((error) => branchOf(error, under) !== null);
  const fork = union === undefined ? null : branchOf(union, under);
  if (fork === null) return errors[0];
  return worst(likeliest(errors, fork.union), `${fork.union}/${fork.branch}`) ?? errors[0];
}

/** The errors of the alternative with the right type and the fewest errors. */
function likeliest(errors: readonly RawError[], union: string): RawError[] {
  const at = errors.find(
    (error) => error.keyword === 'anyOf' && error.schemaPath === union.slice(0, -'/anyOf'.length),
  )?.instancePath;
  const branches = new Map<string, RawError[]>();
  for (const error of errors) {
    if (!error.schemaPath.startsWith(`${union}/`)) continue;
    const name = error.schemaPath.slice(union.length + 1).split('/')[0] ?? '';
    branches.set(name, [...(branches.get(name) ?? []), error]);
  }
  const wrongType = (list: RawError[]): number => (list.some((one) => one.keyword === 'type' && one.instancePath === at) ? 1 : 0);
  return [...branches.values()].sort((a, b) => wrongType(a) - wrongType(b) || a.length - b.length)[0] ?? [];
}

/** The first union on the way below `under`, and the alternative taken in it. */
function branchOf(error: RawError, under: string): { union: string; branch: string } | null {
  if (!error.schemaPath.startsWith(under)) return null;
  const found = /^(.*?\/anyOf)\/(\d+)/.exec(error.schemaPath.slice(under.length));
  return found === null ? null : { union: under + (found[1] ?? ''), branch: found[2] ?? '' };
}

function toFault(error: RawError | undefined): Fault {
  if (error === undefined) return { unknown: false, at: '', text: 'does not have the expected form' };
  const { additionalProperties, requiredProperties } = error.params as Partial<Record<string, readonly string[]>>;
  const unknown = error.keyword === 'additionalProperties' ? additionalProperties?.[0] : undefined;
  if (unknown !== undefined)
    return { unknown: true, at: `${error.instancePath}/${escapePointer(unknown)}`, text: 'is not a field' };
  const missing = error.keyword === 'required' ? requiredProperties?.[0] : undefined;
  if (missing !== undefined) return { unknown: false, at: `${error.instancePath}/${escapePointer(missing)}`, text: 'is missing' };
  return { unknown: false, at: error.instancePath, text: error.message };
}

/** A name as part of a JSON pointer (RFC 6901). */
export function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
