import { type Result, refuse } from '../domain/errors.ts';
import { contract, type Platform, unknownNames, usualPlaces, type Variables } from '../domain/variables.ts';

/** Where a submitted path comes from. `platform: null`: whatever the path looks like. */
export interface PathRules {
  readonly variables: Variables;
  readonly platform: Platform | null;
}

const drive = /^[A-Za-z]:[\\/]/;

/**
 * A path of the request as it is stored: slashes on all platforms, two-way variables put in (flamenco §5.5). Refused with a
 * sentence where no worker could find it.
 */
export function storedPath(name: string, given: string, rules: PathRules): Result<string> {
  const at = `/spec/${name}`;
  if (/[\0\r\n"]/.test(given)) return refuse('invalid', `${name} holds a quote, a line break or a zero byte`, at);
  if (/^(\\\\|\/\/)/.test(given)) {
    const why = 'Blender takes // for "beside the blend file"; mount it, or use a drive letter or a two-way variable';
    return refuse('invalid', `${name} is a network path (${given}): ${why}`, at);
  }
  const path = contract(drive.test(given) ? given.replaceAll('\\', '/') : given, rules.variables, 'users', rules.platform);
  const absolute = path.startsWith('/') || drive.test(path) || path.startsWith('{');
  if (!absolute) return refuse('invalid', `${name} must be an absolute path, the same on every worker; ${given} is not`, at);
  return knownVariables(name, path, rules.variables);
}

/** Every `{name}` in it has a meaning. */
export function knownVariables(name: string, text: string, variables: Variables): Result<string> {
  const [unknown] = unknownNames(text, (word) => variables.has(word) || usualPlaces.has(word));
  if (unknown === undefined) return { value: text };
  const names = [...new Set([...variables.keys(), ...usualPlaces.keys()])].sort();
  const way = `set it with: switchyard variables set ${unknown} VALUE`;
  return refuse('invalid', `${name}: there is no variable {${unknown}}; there are ${names.join(', ')}; ${way}`, `/spec/${name}`);
}

/** The folder of a path; `/` and `C:/` for what lies right there. */
export function folderOf(path: string): string {
  const cut = path.lastIndexOf('/');
  return cut <= 0 ? path.slice(0, cut + 1) : path.slice(0, cut);
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Name of a blend file without `.blend`, and without `.flamenco` that Flamenco's add-on puts before it. */
export function blendStem(filepath: string): string {
  return nameOf(filepath)
    .replace(/\.blend$/i, '')
    .replace(/\.flamenco$/i, '');
}

/** `<final>__intermediate-<YYYY-MM-DD_HHMMSS>`: beside the final folder, so that a rename is enough in the end (flamenco §6.3). */
export function intermediateOf(folder: string, now: number): string {
  const iso = new Date(now).toISOString();
  return `${folder}__intermediate-${iso.slice(0, 10)}_${iso.slice(11, 19).replaceAll(':', '')}`;
}
