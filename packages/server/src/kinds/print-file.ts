import { type GcodeFacts, gcodeEnds, readGcodeFacts } from '@switchyard/sdk/gcode.ts';
import { GcodeCheck } from '@switchyard/sdk/gcode-lines.ts';
import type { PrintFacts } from '@switchyard/sdk/print.ts';
import type { FileEnds } from './kind-row.ts';

/** Why no printer can be given this file, as far as its ends tell: the agent looks at every line before it prints. */
export function faultIn({ size, head, tail }: FileEnds): string | null {
  if (isBinaryGcode(head)) return 'it is binary G-code; have the slicer write it as text (.gcode)';
  const check = new GcodeCheck();
  const whole = head.length === size;
  // A line may be cut where the head ends.
  const fault = check.push(whole ? head : head.subarray(0, head.lastIndexOf(newline) + 1));
  const ended = fault ?? (whole ? check.end() : null);
  if (ended !== null && 'why' in ended) return `line ${ended.line}: ${ended.why}`;
  if (whole) return null;
  const broken = new GcodeCheck().push(tail.subarray(tail.indexOf(newline) + 1));
  return broken === null ? null : `${broken.line} lines after byte ${size - tail.length}: ${broken.why}`;
}

const newline = 10;
const isBinaryGcode = (head: Uint8Array): boolean => Buffer.from(head.subarray(0, 4)).toString('latin1') === 'GCDE';

export function factsIn({ head, tail }: FileEnds): GcodeFacts {
  return readGcodeFacts(head, tail);
}

export function printFacts({
  slicer,
  seconds,
  filament,
  materials,
  nozzle,
  layerHeight,
  layers,
  thumbnails,
}: GcodeFacts): PrintFacts {
  return {
    ...{ slicer, seconds, nozzle, layerHeight, layers },
    filamentMm: filament.mm,
    filamentGrams: filament.grams,
    materials: [...materials],
    thumbnail: thumbnails.length > 0,
  };
}

/** What the file asks of a printer that says something about it. */
export function tagsOf({ materials, nozzle, reach }: GcodeFacts): readonly string[] {
  const tags = materials.map((material) => `material:${wordOf(material)}?`);
  if (nozzle !== null) tags.push(`nozzle:${nozzle}?`);
  // Whole centimetres: prints of nearly the same size are placed alike.
  if (reach !== null) tags.push(`volume>=${reach.map((mm) => Math.ceil(mm / 10) * 10).join('x')}?`);
  return [...new Set(tags)];
}

/** As people write it in a tag: `PLA+` -> `pla+`, `Generic PLA` -> `generic-pla`. */
const wordOf = (material: string): string => material.toLowerCase().replaceAll(/[^a-z0-9.+_-]+/g, '-');

export const ends = gcodeEnds;
