import path from 'node:path';
import { filesOf, lineAt, listOf, root, tableUnder, textOf, withoutComments } from './lib.ts';

/** One line of the table in `docs/architecture.md`: `room` is where the file stands, without `.ts`. */
export interface Arrow {
  readonly room: string;
  /** Rooms, or a file of one; `*`: all. */
  readonly rooms: readonly string[];
  /** Packages; `node:*`: all of Node; `*`: all. */
  readonly packages: readonly string[];
}

/** Something that may be written only in these rooms. */
export interface Touch {
  readonly what: string;
  readonly rooms: readonly string[];
}

export interface Import {
  readonly specifier: string;
  /** Erased when it runs: only its types are wanted. */
  readonly typeOnly: boolean;
  readonly line: number;
}

export function readArrows(markdown: string): Arrow[] {
  return tableUnder(markdown, 'Rooms and arrows').map(([room, rooms, packages]) => ({
    room: room ?? '',
    rooms: listOf(rooms),
    packages: listOf(packages),
  }));
}

export function readTouches(markdown: string): Touch[] {
  return tableUnder(markdown, 'Where the world is touched').map(([what, rooms]) => ({ what: what ?? '', rooms: listOf(rooms) }));
}

/** `packages/server/src/engine/a/b.ts` -> `server/engine/a/b`; null: no product code. */
export function placeOf(file: string): string | null {
  const found = /^packages\/([^/]+)\/src\/(.+)\.tsx?$/.exec(file);
  return found === null ? null : `${found[1]}/${found[2]}`;
}

const within = (place: string, room: string): boolean => place === room || place.startsWith(`${room}/`);

/** The line that speaks for this place: the longest one that it lies within. */
export function arrowFor(place: string, arrows: readonly Arrow[]): Arrow | null {
  const fitting = arrows.filter(({ room }) => within(place, room));
  return fitting.reduce<Arrow | null>((best, one) => (best === null || one.room.length > best.room.length ? one : best), null);
}

/** The room that imports itself freely: a package, a room of the server, or one door. */
export function homeOf(place: string): string {
  const [first, second, third] = place.split('/');
  if (first !== 'server') return first ?? '';
  return second === 'doors' && place.split('/').length > 3 ? `server/doors/${third}` : `server/${second}`;
}

export function importsOf(source: string): Import[] {
  const code = withoutComments(source);
  const found: Import[] = [];
  const patterns = [
    /\b(?:import|export)(\s+type)?\s[^'"`;]*?\bfrom\s*(['"])([^'"]+)\2/g,
    /\bimport(\s)*\(?\s*(['"])([^'"]+)\2/g,
    /\bnew URL(\s)*\(\s*(['"])(\.[^'"]+)\2\s*,\s*import\.meta\.url/g,
  ];
  for (const pattern of patterns) {
    for (const match of code.matchAll(pattern)) {
      const typeOnly = match[1]?.trim() === 'type' || isOnlyTypes(match[0]);
      found.push({ specifier: match[3] ?? '', typeOnly, line: lineAt(code, match.index) });
    }
  }
  return found;
}

/** `import { type A, type B } from …`: nothing of it is left at run time. */
function isOnlyTypes(statement: string): boolean {
  const names = /^(?:import|export)\s*\{([^}]*)\}/.exec(statement)?.[1];
  return names !== undefined && listOf(names).every((name) => name.startsWith('type '));
}

function targetOf(file: string, specifier: string): { place: string } | { package: string } {
  if (specifier.startsWith('.')) {
    const resolved = path.posix.join(path.posix.dirname(file), specifier);
    return { place: placeOf(resolved) ?? resolved };
  }
  const ours = /^@switchyard\/([^/]+)(?:\/(.*))?$/.exec(specifier);
  if (ours !== null) return { place: `${ours[1]}/${(ours[2] ?? '').replace(/\.tsx?$/, '')}` };
  const name = specifier.startsWith('node:') ? specifier : specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  return { package: name };
}

function isOwnData(file: string, target: string): boolean {
  const own = file.split('/').slice(0, 2).join('/');
  return within(target, own) && !/\.[cm]?[jt]sx?$/.test(target);
}

/** `domain` in a line of the server means `server/domain`; other packages of ours go by their own name. */
function roomAllowed(place: string, from: string, rooms: readonly string[]): boolean {
  const prefix = from.startsWith('server/') ? 'server/' : '';
  return rooms.some(
    (room) => room === '*' || within(place, prefix + room) || (!place.startsWith('server/') && within(place, room)),
  );
}

function packageAllowed(name: string, one: Import, packages: readonly string[]): boolean {
  if (one.typeOnly && name.startsWith('node:')) return true;
  return packages.some((allowed) => allowed === '*' || allowed === name || (allowed === 'node:*' && name.startsWith('node:')));
}

/** What is wrong with one file, as `file:line sentence`. */
export function offences(file: string, source: string, arrows: readonly Arrow[], touches: readonly Touch[]): string[] {
  const place = placeOf(file);
  if (place === null) return [];
  const arrow = arrowFor(place, arrows);
  if (arrow === null) return [`${file}:1 stands in a room that docs/architecture.md does not name`];
  const wrong = importsOf(source).flatMap((one) => {
    const target = targetOf(file, one.specifier);
    // A file that is no program (`package.json`, a page) is no arrow, as long as it stands in the same package.
    if ('place' in target && isOwnData(file, target.place)) return [];
    const allowed =
      'place' in target
        ? within(target.place, homeOf(place)) || roomAllowed(target.place, place, arrow.rooms)
        : packageAllowed(target.package, one, arrow.packages);
    if (allowed) return [];
    return [`${file}:${one.line} ${arrow.room} may not import ${'place' in target ? target.place : target.package}`];
  });
  return [...wrong, ...touched(file, place, source, touches)];
}

function touched(file: string, place: string, source: string, touches: readonly Touch[]): string[] {
  const code = withoutComments(source, { strings: true });
  const imports = importsOf(source);
  return touches.flatMap(({ what, rooms }) => {
    if (rooms.some((room) => within(place, room))) return [];
    const lines = /^[a-z:_]+$/.test(what)
      ? imports.filter((one) => one.specifier === what && !one.typeOnly).map((one) => one.line)
      : occurrences(code, what);
    return lines.map((line) => `${file}:${line} ${what} belongs to ${rooms.join(', ')}`);
  });
}

function occurrences(code: string, what: string): number[] {
  const lines: number[] = [];
  for (let at = code.indexOf(what); at >= 0; at = code.indexOf(what, at + 1)) {
    if (!/[\w.$]/.test(code[at - 1] ?? ' ')) lines.push(lineAt(code, at));
  }
  return lines;
}

export function allOffences(): { wrong: string[]; files: number } {
  const markdown = textOf('docs/architecture.md');
  const arrows = readArrows(markdown);
  const touches = readTouches(markdown);
  const files = filesOf('packages/*/src/**/*.{ts,tsx}');
  return { wrong: files.flatMap((file) => offences(file, textOf(file), arrows, touches)), files: files.length };
}

if (process.argv[1] === path.join(root, 'tools/boundaries.ts')) {
  const { wrong, files } = allOffences();
  for (const line of wrong) console.log(line);
  console.log(`${files} files, ${wrong.length} imports that do not follow docs/architecture.md`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}
