import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, isAbsolute } from 'node:path';
import Type, { type Static } from 'typebox';
import { pauseUnless } from '../../system.ts';
import { readBlender } from './blender-output.ts';
import type { CommandContext } from './command-context.ts';
import { commandRow } from './command-row.ts';
import { countFrames } from './frame-count.ts';
import { notSeen, programOf } from './programs.ts';
import { audioScript, samplesScript } from './scripts.ts';
import { refusal, type Trouble } from './trouble.ts';

const renderSettings = {
  blender_cmd: Type.String(),
  filepath: Type.String({ minLength: 1 }),
  render_output: Type.Optional(Type.String()),
  format: Type.Optional(Type.String()),
  frames: Type.Optional(Type.String()),
  python_expr: Type.Optional(Type.String()),
};
const Render = Type.Object(renderSettings);
const Progressive = Type.Object({
  ...renderSettings,
  cycles_num_chunks: Type.Integer({ minimum: 1 }),
  cycles_chunk_start: Type.Integer({ minimum: 1 }),
  cycles_chunk_end: Type.Integer({ minimum: 1 }),
});

/** Blender ends with this after an error in a script; without it it would go on and end well. */
export const scriptErrors = ['--python-exit-code', '42'];

export const blenderRender = commandRow(Render, (settings, context) => render(settings, context, {}));

/**
 * Only some of the samples of each frame. Blender before 3 had arguments for that; Cycles has a setting since, which the
 * script puts in where it is there (flamenco §6.1 blender_render_progressive).
 */
export const blenderRenderProgressive = commandRow(Progressive, (settings, context) => {
  const { cycles_num_chunks: count, cycles_chunk_start: from, cycles_chunk_end: to } = settings;
  const unfit = to < from || to > count;
  if (unfit) return refusal(`blender_render_progressive: chunks ${from} to ${to} of ${count} are none`);
  const after = ['--', '--cycles-resumable-num-chunks', count, '--cycles-resumable-start-chunk', from];
  return render(settings, context, {
    before: [...scriptErrors, '--python-expr', samplesScript(from, to)],
    after: [...after, '--cycles-resumable-end-chunk', to].map(String),
  });
});

interface Extra {
  readonly before?: readonly string[];
  readonly after?: readonly string[];
}

async function render(settings: Static<typeof Render>, context: CommandContext, { before = [], after = [] }: Extra) {
  const { filepath, render_output: output, format, frames, python_expr: expression } = settings;
  const blender = programOf('blender_cmd', settings.blender_cmd, context);
  if ('trouble' in blender) return blender.trouble;
  const unseen = await blendFile(filepath, context);
  if (unseen !== null) return unseen;
  if (output !== undefined) await mkdir(dirname(output), { recursive: true });
  const { rendered, seeOut } = readBlender(context, frames === undefined ? null : countFrames(frames));
  const trouble = await context.spawn(
    [
      ...blender.words,
      ...['--enable-autoexec', '-noaudio', '--background', filepath],
      ...overridesOf(filepath),
      ...before,
      ...(expression === undefined ? [] : ['--python-expr', expression]),
      ...(output === undefined ? [] : ['--render-output', output]),
      ...(format === undefined ? [] : ['--render-format', blenderFormat(format)]),
      ...(frames === undefined ? [] : ['--render-frame', frames]),
      ...after,
    ],
    { seeOut },
  );
  if (trouble !== null) return trouble;
  const nothing = frames !== undefined && rendered.frames === 0 && !rendered.other && !context.stop.aborted;
  const where = output === undefined ? '' : ` as ${output}`;
  return nothing ? refusal(`Blender ended without an error on ${context.worker}, and saved no frame of ${frames}${where}`) : null;
}

/** Blender's command line has names of its own for two formats. */
function blenderFormat(format: string): string {
  if (format === 'OPEN_EXR') return 'EXR';
  return format === 'OPEN_EXR_MULTILAYER' ? 'MULTILAYER' : format;
}

/** Lines of Python that the job wants run before it renders: a file beside the blend file. */
function overridesOf(filepath: string): string[] {
  const path = filepath.replace(/\.blend$/i, '-overrides.py');
  return path !== filepath && existsSync(path) ? [...scriptErrors, '--python', path] : [];
}

/** Null: it is there. */
export async function blendFile(path: string, { worker, system, lateFileMs, stop }: CommandContext): Promise<Trouble | null> {
  if (!isAbsolute(path)) return refusal(`${JSON.stringify(path)} is not an absolute path on ${worker}`);
  if (existsSync(path)) return null;
  await pauseUnless(system, lateFileMs, stop);
  return existsSync(path) ? null : notSeen('the blend file', path, worker);
}

const Audio = Type.Object({
  blender_cmd: Type.String(),
  filepath: Type.String({ minLength: 1 }),
  render_output: Type.String({ minLength: 1 }),
  frame_start: Type.Optional(Type.Integer()),
  frame_end: Type.Optional(Type.Integer()),
});

export const blenderRenderAudio = commandRow(Audio, async (settings, context) => {
  const { filepath, render_output: output, frame_start: first = null, frame_end: last = null } = settings;
  const blender = programOf('blender_cmd', settings.blender_cmd, context);
  if ('trouble' in blender) return blender.trouble;
  const unseen = await blendFile(filepath, context);
  if (unseen !== null) return unseen;
  if (!isAbsolute(output)) return refusal(`${JSON.stringify(output)} is not an absolute path on ${context.worker}`);
  await mkdir(dirname(output), { recursive: true });
  const script = audioScript({ output, first, last });
  const argv = [...blender.words, '--enable-autoexec', '--background', filepath, ...scriptErrors, '--python-expr', script];
  const trouble = await context.spawn(argv);
  if (trouble !== null) return trouble;
  return existsSync(output) ? null : refusal(`Blender ended without an error on ${context.worker}, and wrote no ${output}`);
});
