import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import Type, { type Static } from 'typebox';
import { blendFile, scriptErrors } from './blender.ts';
import { readBlender } from './blender-output.ts';
import type { CommandContext } from './command-context.ts';
import { commandRow } from './command-row.ts';
import { filesOf } from './files-of.ts';
import { notSeen, programOf } from './programs.ts';
import { mergeScript, previewScript } from './scripts.ts';
import { refusal, type Trouble } from './trouble.ts';

const Previews = Type.Object({
  blender_cmd: Type.String(),
  filepath: Type.String({ minLength: 1 }),
  exr_glob: Type.String({ minLength: 1 }),
  output_pattern: Type.Optional(Type.String({ minLength: 1 })),
});

/** JPEG pictures beside the EXR files, as Blender would show them. */
export const exrSequenceToJpeg = commandRow(Previews, async (settings, context) => {
  const { filepath, exr_glob: pattern, output_pattern: name = 'preview-######.jpg' } = settings;
  const unseen = await blendFile(filepath, context);
  if (unseen !== null) return unseen;
  const sources = await filesOf(pattern);
  if (sources.length === 0) return notSeen('any file like', pattern, context.worker);
  const files = sources.map((source, i) => {
    const number = /(-?\d+)\D*$/.exec(basename(source))?.[1];
    return { source, target: join(dirname(source), withFrame(basename(name), number === undefined ? i + 1 : Number(number))) };
  });
  return script(context, settings.blender_cmd, previewScript, { files }, filepath);
});

const weights = { weight1: Type.Integer({ minimum: 1 }), weight2: Type.Integer({ minimum: 1 }) };
const Name = Type.String({ minLength: 1, pattern: '^[^"]*$' });
const merge = { blender_cmd: Type.String(), input1: Name, input2: Name, output: Name, ...weights };
const Sequence = Type.Object({ ...merge, frame_start: Type.Integer(), frame_end: Type.Integer() });

export const mergeProgressiveRenders = commandRow(Type.Object(merge), (settings, context) => {
  const { input1, input2, output } = settings;
  return mergeFiles(settings, [{ input1, input2, output }], context);
});

const longest = 100_000;

export const mergeProgressiveRenderSequence = commandRow(Sequence, (settings, context) => {
  const { input1, input2, output, frame_start: first, frame_end: last } = settings;
  if (!output.includes('##')) return refusal(`merge_progressive_render_sequence: output has no ## for the frame: ${output}`);
  if (last < first || last - first >= longest)
    return refusal(`merge_progressive_render_sequence: ${first} to ${last} are no frames`);
  const frames = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const files = frames.map((frame) => ({
    input1: withFrame(input1, frame),
    input2: withFrame(input2, frame),
    output: withFrame(output, frame),
  }));
  return mergeFiles(settings, files, context);
});

async function mergeFiles(
  { blender_cmd, weight1, weight2 }: Pick<Static<typeof Sequence>, 'blender_cmd' | 'weight1' | 'weight2'>,
  files: readonly { input1: string; input2: string; output: string }[],
  context: CommandContext,
): Promise<Trouble | null> {
  for (const { input1, input2, output } of files) {
    const missing = [input1, input2].find((path) => !existsSync(path));
    if (missing !== undefined) return notSeen('the file', missing, context.worker);
    await mkdir(dirname(output), { recursive: true });
  }
  return script(context, blender_cmd, mergeScript, { weight1, weight2, files }, null);
}

/** The last row of # as Blender writes the number of a frame there. */
export function withFrame(pattern: string, frame: number): string {
  return pattern.replace(/#+(?!.*#)/, (hashes) => {
    const digits = String(Math.abs(frame)).padStart(frame < 0 ? hashes.length - 1 : hashes.length, '0');
    return frame < 0 ? `-${digits}` : digits;
  });
}

/** Blender runs a script of ours, which reads what it is about from a file. */
async function script(
  context: CommandContext,
  line: string,
  python: string,
  job: Readonly<Record<string, unknown>> & { readonly files: readonly unknown[] },
  blend: string | null,
): Promise<Trouble | null> {
  const blender = programOf('blender_cmd', line, context);
  if ('trouble' in blender) return blender.trouble;
  const path = join(context.folder(), 'script.py');
  await writeFile(join(context.folder(), 'job.json'), JSON.stringify(job));
  await writeFile(path, python);
  const open = blend === null ? ['--background'] : ['--enable-autoexec', '--background', blend];
  const { seeOut } = readBlender(context, job.files.length);
  return context.spawn([...blender.words, '-noaudio', ...open, ...scriptErrors, '--python', path], { seeOut });
}
