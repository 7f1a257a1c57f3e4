/** What slicers write about a print into its comments: PrusaSlicer, SuperSlicer, OrcaSlicer, Bambu Studio, Cura and kin. */
export interface GcodeFacts {
  /** `PrusaSlicer 2.7.1`. */
  readonly slicer: string | null;
  /** Estimated printing time, seconds. */
  readonly seconds: number | null;
  readonly filament: { readonly mm: number | null; readonly grams: number | null };
  /** `PLA`, one per tool. */
  readonly materials: readonly string[];
  /** Millimetres. */
  readonly nozzle: number | null;
  readonly layerHeight: number | null;
  readonly layers: number | null;
  /** Where it goes at most, x, y, z in millimetres; as long as that is not told, the size of the printer that it was made for. */
  readonly reach: readonly [x: number, y: number, z: number] | null;
  readonly thumbnails: readonly GcodeThumbnail[];
}

export interface GcodeThumbnail {
  readonly width: number;
  readonly height: number;
  readonly format: 'png' | 'jpg' | 'qoi';
  /** The picture, in base64. Others made it: to be decoded and encoded anew before anybody sees it. */
  readonly base64: string;
}

/** So much of either end is worth handing in; more is not looked at. */
export const gcodeEnds = { head: 1_048_576, tail: 131_072 } as const;

const limits = { thumbnails: 8, base64: 700_000, side: 2_048, text: 100, materials: 16 } as const;

/** Reads the head and the tail of a file (they may overlap, or be the same). Never throws; what is not there is null. */
export function readGcodeFacts(head: Uint8Array, tail: Uint8Array): GcodeFacts {
  const begin = textOf(head.subarray(0, gcodeEnds.head));
  const end = textOf(tail.subarray(Math.max(0, tail.length - gcodeEnds.tail)));
  const fields = fieldsOf(begin, end);
  return {
    slicer: slicerOf(begin, fields),
    seconds: secondsOf(fields),
    filament: {
      mm: millimetresOf(fields),
      grams: sumOf(pick(fields, 'total filament used [g]', 'filament used [g]', 'total filament weight [g]')),
    },
    materials: materialsOf(fields),
    nozzle: first(pick(fields, 'nozzle_diameter')),
    layerHeight: first(pick(fields, 'layer_height', 'layer height')),
    layers: wholeOf(pick(fields, 'total layers count', 'total layer number', 'layer_count')),
    reach: reachOf(fields),
    thumbnails: thumbnailsOf(begin),
  };
}

type Fields = ReadonlyMap<string, string>;

const decoder = new TextDecoder('latin1');
const textOf = (bytes: Uint8Array): string => decoder.decode(bytes);

/** `; name = value`, `; name: value`, `;NAME:value`; names in lower case, the first of each counts. */
function fieldsOf(...texts: readonly string[]): Fields {
  const fields = new Map<string, string>();
  for (const text of texts) {
    for (const [, comment = ''] of text.matchAll(/^;([^\r\n]{3,2000})/gm)) {
      // Bambu Studio puts two on one line.
      for (const part of comment.split('; ')) keep(fields, part);
    }
  }
  return fields;
}

function keep(fields: Map<string, string>, text: string): void {
  const found = /^\s*([A-Za-z][\w [\]()]{1,60}?)\s*[=:]\s*(\S.*)$/.exec(text);
  const name = found?.[1]?.toLowerCase();
  if (name !== undefined && !fields.has(name)) fields.set(name, (found?.[2] ?? '').trim());
}

function pick(fields: Fields, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = fields.get(name);
    if (value !== undefined) return value;
  }
  return undefined;
}

function slicerOf(head: string, fields: Fields): string | null {
  const generated = /^;\s*generated (?:by|with) ([^\r\n]{2,200})/im.exec(head)?.[1] ?? pick(fields, 'slicer');
  if (generated !== undefined)
    return (
      generated
        .split(/ on \d{4}-| at \d{4}-|,/)[0]
        ?.trim()
        .replace(/^Cura_SteamEngine\b/, 'Cura')
        .slice(0, limits.text) || null
    );
  const known = /^;\s*((?:Bambu ?Studio|OrcaSlicer|ideaMaker|Simplify3D)[^\r\n]{0,80})/im.exec(head)?.[1];
  return known?.trim().slice(0, limits.text) ?? null;
}

function secondsOf(fields: Fields): number | null {
  const plain = wholeOf(fields.get('time'));
  if (plain !== null) return plain;
  const told = pick(
    fields,
    'estimated printing time (normal mode)',
    'total estimated time',
    'estimated printing time',
    'model printing time',
    'print time',
    'build time',
  );
  return told === undefined ? null : durationOf(told);
}

const unitSeconds: Readonly<Record<string, number>> = { d: 86_400, h: 3_600, m: 60, s: 1 };

/** `1d 2h 3m 4s`, `2 hours 5 minutes`. */
function durationOf(text: string): number | null {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)\s*(d|h|m|s)/gi)];
  if (parts.length === 0) return null;
  return Math.round(parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (unitSeconds[unit.toLowerCase()] ?? 0), 0));
}

function millimetresOf(fields: Fields): number | null {
  const millimetres = sumOf(pick(fields, 'filament used [mm]', 'total filament length [mm]'));
  if (millimetres !== null) return millimetres;
  const told = fields.get('filament used');
  if (told === undefined) return null;
  const metres = [...told.matchAll(/([\d.]+)\s*m(?![\w³])/g)].map(([, count]) => Number(count));
  return metres.length === 0 ? null : rounded(metres.reduce((sum, count) => sum + count * 1_000, 0));
}

function materialsOf(fields: Fields): readonly string[] {
  const told = pick(fields, 'filament_type', 'material_type', 'material') ?? '';
  const names = told.split(/[;,]/).map((name) => name.trim().replace(/^"|"$/g, ''));
  return names.filter((name) => /^[\w +.-]{1,40}$/.test(name) && /[A-Za-z]/.test(name)).slice(0, limits.materials);
}

function numbersOf(text: string | undefined): readonly number[] {
  return (text ?? '')
    .split(/[,;]/)
    .map((part) => Number.parseFloat(part))
    .filter((value) => Number.isFinite(value) && value >= 0);
}

function sumOf(text: string | undefined): number | null {
  const numbers = numbersOf(text);
  return numbers.length === 0 ? null : rounded(numbers.reduce((sum, value) => sum + value, 0));
}

const first = (text: string | undefined): number | null => numbersOf(text)[0] ?? null;

function wholeOf(text: string | undefined): number | null {
  const value = first(text);
  return value === null ? null : Math.round(value);
}

function reachOf(fields: Fields): GcodeFacts['reach'] {
  const [x, y, z] = ['maxx', 'maxy', 'maxz'].map((name) => first(fields.get(name)));
  if (x != null && y != null && z != null) return [x, y, z];
  const corners = (pick(fields, 'bed_shape', 'printable_area') ?? '').split(',').map((corner) => corner.split('x').map(Number));
  const height = first(pick(fields, 'max_print_height', 'printable_height'));
  const most = (axis: 0 | 1): number => Math.max(...corners.map((corner) => corner[axis] ?? Number.NaN));
  return height !== null && most(0) > 0 && most(1) > 0 ? [most(0), most(1), height] : null;
}

const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;

const opens = /^;\s*thumbnail(_JPG|_QOI)?\s+begin\s+(\d{1,5})\s*[xX ]\s*(\d{1,5})/;
const closes = /^;\s*thumbnail(?:_JPG|_QOI)?\s+end/;
const formats: Readonly<Record<string, GcodeThumbnail['format']>> = { _JPG: 'jpg', _QOI: 'qoi' };

interface OpenBlock extends Omit<GcodeThumbnail, 'base64'> {
  readonly parts: string[];
}

/** Comments between `thumbnail begin 220x124 8012` and `thumbnail end`, line by line. */
function thumbnailsOf(head: string): readonly GcodeThumbnail[] {
  const found: GcodeThumbnail[] = [];
  let block: OpenBlock | null = null;
  for (const line of head.split('\n')) {
    if (found.length === limits.thumbnails) break;
    if (block === null) block = line.startsWith(';') ? blockOf(line) : null;
    else if (closes.test(line)) {
      const thumbnail = thumbnailOf(block);
      if (thumbnail !== null) found.push(thumbnail);
      block = null;
    } else if (line.startsWith(';')) block.parts.push(line.slice(1).trim());
    else block = null;
  }
  return found;
}

function blockOf(line: string): OpenBlock | null {
  const begun = opens.exec(line);
  if (begun === null) return null;
  return { width: Number(begun[2]), height: Number(begun[3]), format: formats[begun[1] ?? ''] ?? 'png', parts: [] };
}

function thumbnailOf({ parts, ...about }: OpenBlock): GcodeThumbnail | null {
  const base64 = parts.join('');
  const good = fits(about) && base64.length <= limits.base64 && /^[A-Za-z0-9+/]+={0,2}$/.test(base64);
  return good ? { ...about, base64 } : null;
}

function fits({ width, height }: { width: number; height: number }): boolean {
  return width > 0 && height > 0 && width <= limits.side && height <= limits.side;
}
