/**
 * Variables (flamenco §5.5): `{name}` in a command's settings stands for a value that depends on the platform of the worker
 * that runs it, so that one job names programs and folders that lie elsewhere on every machine.
 */

export const platforms = ['linux', 'windows', 'darwin'] as const;
export type Platform = (typeof platforms)[number];

/** Whose value it is: `workers` run tasks, `users` submit jobs. */
export const audiences = ['all', 'workers', 'users'] as const;
export type Audience = (typeof audiences)[number];

export interface VariableValue {
  readonly platforms: readonly Platform[];
  readonly audience: Audience;
  readonly value: string;
}

export interface Variable {
  /** `twoway`: a folder; a submitted path below it is stored as `{name}/rest`, so that workers of every platform find it. */
  readonly direction: 'oneway' | 'twoway';
  readonly values: readonly VariableValue[];
}

export type Variables = ReadonlyMap<string, Variable>;

/** What stands for a name, or undefined: then the text stays as it is. */
export type Lookup = (name: string) => string | undefined;

export const variableName = /^[A-Za-z_][A-Za-z0-9_-]{0,99}$/;
const placeholder = /\{([A-Za-z_][A-Za-z0-9_-]{0,99})\}/g;

/** Names that stand for something else: the value and the index of an array's task. */
export const reservedNames: readonly string[] = ['item', 'index'];

/**
 * Where programs usually are, for workers that look for no program by themselves; a variable of the same name that somebody
 * set goes before. Ours find them on their PATH, see `ownTools`.
 */
export const usualPlaces: Variables = new Map<string, Variable>([
  [
    'blender',
    {
      direction: 'oneway',
      values: [
        { platforms: ['linux'], audience: 'all', value: '/usr/bin/blender' },
        { platforms: ['windows'], audience: 'all', value: '"C:/Program Files/Blender Foundation/Blender/blender.exe"' },
        { platforms: ['darwin'], audience: 'all', value: '/Applications/Blender.app/Contents/MacOS/Blender' },
      ],
    },
  ],
  ['ffmpeg', { direction: 'oneway', values: [{ platforms, audience: 'all', value: 'ffmpeg' }] }],
]);

/** What our own worker puts for these names where nobody has set them: it looks for the program on its PATH. */
export const ownTools: Variables = new Map<string, Variable>([
  ['blender', { direction: 'oneway', values: [{ platforms, audience: 'all', value: 'blender' }] }],
  ['ffmpeg', { direction: 'oneway', values: [{ platforms, audience: 'all', value: 'ffmpeg' }] }],
]);

/** Node's `process.platform`, Flamenco's `platform`, and what people write. Null: none that variables know. */
export function platformOf(text: unknown): Platform | null {
  if (typeof text !== 'string') return null;
  const word = text.toLowerCase();
  if (word.startsWith('win')) return 'windows';
  if (word.startsWith('darwin') || word.startsWith('mac')) return 'darwin';
  return word.startsWith('linux') ? 'linux' : null;
}

/** The value for this audience and platform; one for exactly this audience goes before one for all. */
export function valueFor({ direction, values }: Variable, audience: Audience, platform: Platform): string | undefined {
  const fits = values.filter((one) => one.platforms.includes(platform));
  const found = fits.find((one) => one.audience === audience) ?? fits.find((one) => one.audience === 'all');
  if (found === undefined) return undefined;
  return direction === 'twoway' ? trimmed(found.value) : found.value;
}

const trimmed = (path: string): string => (path.length > 1 ? path.replace(/[\\/]+$/, '') || '/' : path);

/** Looks a name up in several books, the first that has a value for this platform counts. */
export function lookupIn(books: readonly Variables[], audience: Audience, platform: Platform): Lookup {
  const values = new Map<string, string>();
  for (const book of books) {
    for (const [name, variable] of book) {
      const value = valueFor(variable, audience, platform);
      if (value !== undefined && !values.has(name)) values.set(name, value);
    }
  }
  return (name) => values.get(name);
}

/** Every `{name}` that has a value, in one pass: a value is never expanded again. */
export function expand(text: string, lookup: Lookup): string {
  return text.includes('{') ? text.replaceAll(placeholder, (whole, name: string) => lookup(name) ?? whole) : text;
}

/** Names in the text that the lookup does not know, each once. */
export function unknownNames(text: string, knows: (name: string) => boolean): string[] {
  const names = [...text.matchAll(placeholder)].map((match) => match[1] ?? '');
  return [...new Set(names)].filter((name) => !knows(name));
}

export interface CommandText {
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Values of an array's task are variables too: `{item}` and `{index}`. Both null: it is no array's. */
export interface TaskPlace {
  readonly value: string | null;
  readonly index: number | null;
}

/** The commands of a task as this worker must run them: only strings directly in `settings` (flamenco §5.5). */
export function expandCommands(commands: readonly CommandText[], lookup: Lookup, place: TaskPlace): CommandText[] {
  const known = withPlace(lookup, place);
  return commands.map(({ name, settings }) => ({
    name,
    settings: Object.fromEntries(
      Object.entries(settings).map(([key, value]) => [key, typeof value === 'string' ? expand(value, known) : value]),
    ),
  }));
}

function withPlace(lookup: Lookup, { value, index }: TaskPlace): Lookup {
  if (index === null) return lookup;
  return (name) => (name === 'item' ? (value ?? String(index)) : name === 'index' ? String(index) : lookup(name));
}

const commandsStart = '{"payload":{"commands":';

/** The stored body (`TaskBody`, JSON text) of a task of the family `commands`. Only what is made here is expanded later. */
export function commandsBody(commands: readonly CommandText[]): string {
  return JSON.stringify({ payload: { commands } });
}

export function isCommandsBody(body: string): boolean {
  return body.startsWith(commandsStart);
}

/** The commands in a stored body; null: the task is of another family. */
export function commandsIn(body: string): readonly CommandText[] | null {
  if (!isCommandsBody(body)) return null;
  return (JSON.parse(body) as { payload: { commands: CommandText[] } }).payload.commands;
}

/** The stored body as a worker of this lookup must see it. Bodies of other families pass as they are. */
export function expandBody(body: string, lookup: Lookup, place: TaskPlace): string {
  const commands = commandsIn(body);
  if (commands === null) return body;
  const whole = JSON.parse(body) as Record<string, unknown>;
  return JSON.stringify({ ...whole, payload: { commands: expandCommands(commands, lookup, place) } });
}

/**
 * A path as it is stored: below a two-way variable's folder it becomes `{name}/rest`. The longest folder counts. `platform`:
 * where the path comes from; null: whatever the path looks like.
 */
export function contract(path: string, variables: Variables, audience: Audience, platform: Platform | null): string {
  let best: { readonly name: string; readonly length: number } | null = null;
  const from = platform === null ? platforms : [platform];
  for (const [name, variable] of variables) {
    if (variable.direction !== 'twoway') continue;
    for (const one of from) {
      const folder = valueFor(variable, audience, one);
      if (folder === undefined || !isBelow(path, folder, one)) continue;
      if (best === null || folder.length > best.length) best = { name, length: folder.length };
    }
  }
  return best === null ? path : `{${best.name}}${slashed(path.slice(best.length))}`;
}

/** A path that one platform wrote, as another one finds it. */
export function translate(
  path: string,
  variables: Variables,
  from: { readonly audience: Audience; readonly platform: Platform },
  to: { readonly audience: Audience; readonly platform: Platform },
): string {
  const stored = contract(path, variables, from.audience, from.platform);
  return expand(stored, lookupIn([variables], to.audience, to.platform));
}

const slashed = (path: string): string => path.replaceAll('\\', '/');

function isBelow(path: string, folder: string, platform: Platform): boolean {
  const fold = (text: string): string => (platform === 'windows' ? slashed(text).toLowerCase() : text);
  const [whole, start] = [fold(path), fold(folder)];
  if (start === '' || !whole.startsWith(start)) return false;
  return whole.length === start.length || start.endsWith('/') || whole[start.length] === '/';
}
