import { chunksOf, framesText } from '@switchyard/sdk/frames.ts';
import { closed, limits } from '@switchyard/sdk/names.ts';
import { Needs } from '@switchyard/sdk/task-spec.ts';
import Type, { type Static } from 'typebox';
import { type Result, refuse } from '../domain/errors.ts';
import { parseFrames } from './frames.ts';
import type { Around } from './kind-row.ts';
import { blendStem, folderOf, knownVariables, nameOf, type PathRules, storedPath } from './render-paths.ts';

const Path = Type.String({ minLength: 1, maxLength: limits.pathLength });

export const Platform = Type.Union([Type.Literal('linux'), Type.Literal('windows'), Type.Literal('darwin')], {
  description: 'where the paths of this request are valid; default: whatever they look like',
});
export const ChunkSize = Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'frames per task' });
export const Frames = Type.String({ description: 'such as 1-240 or 1,3-5,8' });

/** What every render job is asked with, in Flamenco's words (flamenco §6.3). */
export const renderFields = {
  filepath: Type.String({ minLength: 1, maxLength: limits.pathLength, description: 'blend file, as the workers see it' }),
  render_output: Path,
  frames: Frames,
  chunk_size: ChunkSize,
  blender_cmd: Type.Optional(Type.String({ minLength: 1, maxLength: 1_000, description: 'default: {blender}' })),
  format: Type.Optional(Type.String({ pattern: '^[A-Z][A-Z0-9_]{1,39}$', description: "Blender's name, such as PNG" })),
  fps: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1_000 })),
  output_file_extension: Type.Optional(Type.String({ pattern: '^\\.[A-Za-z0-9]{1,10}$', description: 'such as .png' })),
  rna_overrides: Type.Optional(
    Type.Array(Type.String({ maxLength: 10_000 }), { maxItems: 1_000, description: 'lines of Python, run before rendering' }),
  ),
  platform: Type.Optional(Platform),
  needs: Type.Optional(Needs),
};
const RenderFields = Type.Object(renderFields, closed);
export type RenderFields = Static<typeof RenderFields>;

/** The checked part that all render jobs share. Paths are as they are stored. */
export interface RenderBase {
  readonly filepath: string;
  readonly blender: string;
  /** Folder of the final files, and the pattern of their names. */
  readonly folder: string;
  readonly pattern: string;
  readonly frames: readonly number[];
  /** All frames as text: `1-240`. */
  readonly framesText: string;
  readonly chunks: readonly (readonly number[])[];
  /** The chunks as Blender's `--render-frame` takes them. */
  readonly items: readonly string[];
  readonly stem: string;
  /** With its dot; null: the format says none. */
  readonly extension: string | null;
}

export const mostChunks = limits.arrayItems;

export function renderBase(spec: RenderFields, around: Around): Result<RenderBase> {
  const rules: PathRules = { variables: around.variables, platform: spec.platform ?? null };
  const filepath = storedPath('filepath', spec.filepath, rules);
  if (filepath.refusal !== undefined) return filepath;
  if (!/\.blend$/i.test(filepath.value)) {
    return refuse('invalid', `filepath must name a blend file; ${spec.filepath} does not end with .blend`, '/spec/filepath');
  }
  const output = storedPath('render_output', spec.render_output, rules);
  if (output.refusal !== undefined) return output;
  const [folder, pattern] = [folderOf(output.value), nameOf(output.value)];
  if (pattern === '' || isRoot(folder)) {
    const what = 'must end with a name for the frames below a folder of their own, such as /render/shot/######';
    return refuse('invalid', `render_output ${what}; ${spec.render_output} does not`, '/spec/render_output');
  }
  const blender = knownVariables('blender_cmd', spec.blender_cmd ?? '{blender}', around.variables);
  if (blender.refusal !== undefined) return blender;
  if (spec.format !== undefined && !Object.hasOwn(formats, spec.format)) {
    const known = Object.keys(formats).join(', ');
    return refuse('invalid', `Blender has no format ${spec.format}; it has ${known}`, '/spec/format');
  }
  const frames = parseFrames(spec.frames, '/spec/frames');
  if (frames.refusal !== undefined) return frames;
  const count = Math.ceil(frames.value.length / spec.chunk_size);
  if (count > mostChunks) {
    return refuse(
      'too_large',
      `A job may have ${mostChunks} chunks; this one has ${count}: enlarge chunk_size`,
      '/spec/chunk_size',
    );
  }
  const chunks = chunksOf(frames.value, spec.chunk_size);
  const items = chunks.map((chunk) => framesText(chunk, '..'));
  const longest = items.reduce((most, { length }) => Math.max(most, length), 0);
  if (longest > limits.itemLength) {
    const text = `A chunk of so many single frames needs ${longest} characters, and may have ${limits.itemLength}: reduce chunk_size`;
    return refuse('too_large', text, '/spec/chunk_size');
  }
  return {
    value: {
      filepath: filepath.value,
      blender: blender.value,
      folder,
      pattern,
      frames: frames.value,
      framesText: framesName(frames.value),
      chunks,
      items,
      stem: blendStem(filepath.value),
      extension: spec.output_file_extension ?? extensionOf(spec.format),
    },
  };
}

/** The final folder is renamed as a whole: a drive or a variable's own folder cannot be. */
const isRoot = (folder: string): boolean => /^(\/?|[A-Za-z]:\/?|\{[^{}/]+\})$/.test(folder);

/** Part of a name: a long list of single frames is told by its ends. */
export function framesName(frames: readonly number[]): string {
  const text = framesText(frames, '-');
  return text.length <= 80 ? text : `${frames[0]}-${frames.at(-1)}`;
}

/** Formats that Blender knows, and how it ends the names of their files; null: several, or movies. */
const formats: Readonly<Record<string, string | null>> = {
  PNG: '.png',
  JPEG: '.jpg',
  BMP: '.bmp',
  TIFF: '.tif',
  TARGA: '.tga',
  TGA: '.tga',
  IRIS: '.rgb',
  WEBP: '.webp',
  HDR: '.hdr',
  CINEON: '.cin',
  DPX: '.dpx',
  OPEN_EXR: '.exr',
  EXR: '.exr',
  OPEN_EXR_MULTILAYER: '.exr',
  MULTILAYER: '.exr',
  JP2: '.jp2',
  RAWTGA: '.tga',
  DDS: '.dds',
  AVIRAW: null,
  AVIJPEG: null,
  AVI_RAW: null,
  AVI_JPEG: null,
  FFMPEG: null,
};

function extensionOf(format: string | undefined): string | null {
  return format === undefined ? null : (formats[format] ?? null);
}

/** High dynamic range: no video is made of it. */
export function isExr(format: string | undefined, extension: string | null): boolean {
  return (format !== undefined && /EXR|MULTILAYER/.test(format)) || extension?.toLowerCase() === '.exr';
}
