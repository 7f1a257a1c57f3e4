import { commandLimits } from '@switchyard/sdk/commands.ts';
import { framesText, runsOf } from '@switchyard/sdk/frames.ts';
import { closed } from '@switchyard/sdk/names.ts';
import Type, { type Static } from 'typebox';
import { type Result, refuse } from '../domain/errors.ts';
import type { CommandText } from '../domain/variables.ts';
import { command, PlanList } from './command-task.ts';

import type { Around, KindRow } from './kind-row.ts';
import { framesName, type RenderBase, renderBase, renderFields } from './render-fields.ts';
import { intermediateOf } from './render-paths.ts';
import { type Overrides, overridesOf } from './rna-overrides.ts';

const Spec = Type.Object(
  {
    ...renderFields,
    cycles_sample_count: Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'samples of every frame in the end' }),
    cycles_sample_cap: Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'most samples of one task' }),
  },
  closed,
);
type Spec = Static<typeof Spec>;

/** Several tasks wait for all chunks of frames: so many can a task wait for. */
const mostChunks = 1_000;
const mostTasks = 100_000;
/** One command copies one file, and a task has so many at most. */
const mostFrames = commandLimits.commands;
/** Later samples wait: every frame is seen early, and gets better (flamenco §6.3). */
const priorityOf = (step: number): number => 0 - 10 * step;

interface Samples {
  readonly from: number;
  readonly to: number;
}

/** Cycles renders every frame with few samples first, more later, merged step by step (flamenco §6.3). */
export const blenderRenderProgressive: KindRow = {
  text: 'frames of a blend file with Cycles, all of them coarse first, then better',
  spec: Spec,
  looksAround: true,
  compile(given, _request, around) {
    const spec = given as Spec;
    const checked = renderBase(spec, around);
    if (checked.refusal !== undefined) return checked;
    const base = checked.value;
    const steps = stepsOf(spec);
    const wrong = wrongFor(spec, base, steps.length);
    if (wrong !== null) return wrong;
    const job = new Progressive(spec, base, around);
    job.plan(steps);
    return { value: { name: base.stem, spec: JSON.stringify(spec), tasks: job.list.tasks } };
  },
};

function stepsOf({ cycles_sample_count: count, cycles_sample_cap: cap }: Spec): Samples[] {
  const steps: Samples[] = [];
  for (let from = 1; from <= count; from += cap) steps.push({ from, to: Math.min(count, from + cap - 1) });
  return steps;
}

function wrongFor(spec: Spec, base: RenderBase, steps: number): Extract<Result<never>, { refusal: object }> | null {
  if (spec.format !== undefined && spec.format !== 'OPEN_EXR' && spec.format !== 'EXR') {
    return refuse('invalid', `Samples are merged as EXR: format must be OPEN_EXR, not ${spec.format}`, '/spec/format');
  }
  if (!/(^|[^#])#{6}$/.test(base.pattern)) {
    const text = `render_output must end with exactly six # for the frame's number; ${spec.render_output} does not`;
    return refuse('invalid', text, '/spec/render_output');
  }
  if (base.frames.length > mostFrames) {
    const text = `A progressive render may have ${mostFrames} frames; this one has ${base.frames.length}`;
    return refuse('too_large', text, '/spec/frames');
  }
  if (base.chunks.length > mostChunks) {
    const text = `A progressive render may have ${mostChunks} chunks of frames; this one has ${base.chunks.length}: enlarge chunk_size`;
    return refuse('too_large', text, '/spec/chunk_size');
  }
  const tasks = base.chunks.length * steps * 2;
  return tasks > mostTasks
    ? refuse(
        'too_large',
        `This would be ${tasks} tasks, more than ${mostTasks}: enlarge cycles_sample_cap`,
        '/spec/cycles_sample_cap',
      )
    : null;
}

class Progressive {
  readonly list = new PlanList();
  readonly #spec: Spec;
  readonly #base: RenderBase;
  readonly #around: Around;
  readonly #folder: string;
  readonly #overrides: Overrides | null;

  constructor(spec: Spec, base: RenderBase, around: Around) {
    this.#spec = spec;
    this.#base = base;
    this.#around = around;
    this.#folder = intermediateOf(base.folder, around.now);
    this.#overrides = overridesOf(base.filepath, spec.rna_overrides, this.#folder);
  }

  plan(steps: readonly Samples[]): void {
    const start = this.#begin();
    let merged: { readonly tasks: readonly number[]; readonly file: string; readonly to: number } | null = null;
    for (const [i, samples] of steps.entries()) {
      const rendered = this.#renderStep(samples, i, start);
      const file = this.#file('render', samples);
      merged =
        merged === null
          ? { tasks: rendered, file, to: samples.to }
          : { ...this.#mergeStep(samples, i, merged, { tasks: rendered, file }), to: samples.to };
    }
    if (merged !== null) this.#publish(merged.tasks, merged.file);
  }

  #begin(): number {
    const destroy = [command('remove_tree', { path: this.#folder })];
    const first = this.list.add({ key: 'destroy-preexisting-intermediate', kind: 'file-management', commands: destroy });
    if (this.#overrides === null) return first;
    const commands = [this.#overrides.write];
    return this.list.add({ key: 'rna-overrides', kind: 'file-management', commands, after: [first] });
  }

  #renderStep(samples: Samples, step: number, start: number): number[] {
    return this.#base.chunks.map((chunk) => {
      const settings = {
        blender_cmd: this.#base.blender,
        filepath: this.#base.filepath,
        render_output: this.#file('render', samples),
        format: 'OPEN_EXR',
        frames: framesText(chunk, '..'),
        cycles_num_chunks: this.#spec.cycles_sample_count,
        cycles_chunk_start: samples.from,
        cycles_chunk_end: samples.to,
        ...(this.#overrides === null ? {} : { python_expr: this.#overrides.check }),
      };
      return this.list.add(
        {
          key: `render-s_${samples.from}-${samples.to}-f_${framesName(chunk)}`,
          kind: 'blender-render',
          commands: [command('blender_render_progressive', settings)],
          priority: priorityOf(step),
          after: [start],
        },
        this.#spec.needs,
      );
    });
  }

  #mergeStep(
    samples: Samples,
    step: number,
    before: { readonly tasks: readonly number[]; readonly file: string; readonly to: number },
    fresh: { readonly tasks: readonly number[]; readonly file: string },
  ): { tasks: number[]; file: string } {
    const file = this.#file('merge', samples);
    const weights = { weight1: before.to, weight2: samples.to - samples.from + 1 };
    const tasks = this.#base.chunks.map((chunk, i) => {
      const parents = [before.tasks[i], fresh.tasks[i]].filter((position) => position !== undefined);
      return this.list.add(
        {
          key: `merge-to-s_${samples.to}-f_${framesName(chunk)}`,
          kind: 'exr-merge',
          commands: runsOf(chunk).map(([frame_start, frame_end]) =>
            command('merge_progressive_render_sequence', {
              blender_cmd: this.#base.blender,
              input1: `${before.file}.exr`,
              input2: `${fresh.file}.exr`,
              output: `${file}.exr`,
              ...weights,
              frame_start,
              frame_end,
            }),
          ),
          priority: priorityOf(step),
          after: parents,
        },
        this.#spec.needs,
      );
    });
    return { tasks, file };
  }

  /** Previews, a video of them, and everything to its final place. */
  #publish(merged: readonly number[], file: string): void {
    const { blender: blender_cmd, filepath, folder: final, stem, framesText: frames } = this.#base;
    const folder = this.#folder;
    const preview = [
      command('exr_sequence_to_jpeg', {
        blender_cmd,
        filepath,
        exr_glob: `${withFrame(file, '*')}.exr`,
        output_pattern: 'preview-######.jpg',
      }),
    ];
    const images = this.list.add({ key: 'create-preview-images', kind: 'blender-render', commands: preview, after: merged });
    const video = this.#previewVideo(images);
    const away = this.list.add({
      key: 'move-outdir-out-of-way',
      kind: 'file-management',
      commands: [command('move_out_of_way', { src: final })],
      after: [video ?? images],
    });
    this.#publishFrames(file, away);
    const previews = this.#base.frames.map((frame) => copy(`${folder}/preview-${padded(frame)}.jpg`, `${final}/preview`));
    const done = [this.list.add({ key: 'publish-jpeg-to-output', kind: 'file-management', commands: previews, after: [away] })];
    if (video !== null) {
      const commands = [copy(`${folder}/preview.mkv`, final, `${stem}-${frames}.mkv`)];
      done.push(this.list.add({ key: 'publish-video-to-output', kind: 'file-management', commands, after: [away] }));
    }
    if (this.#overrides === null) return;
    const clean = [this.#overrides.remove];
    this.list.add({ key: 'remove-rna-overrides', kind: 'file-management', commands: clean, after: merged });
  }

  #previewVideo(images: number): number | null {
    const { fps } = this.#spec;
    if (fps === undefined || this.#base.frames.length < 2 || !this.#around.offers('video-encoding')) return null;
    const [input_files, output_file] = [`${this.#folder}/preview-*.jpg`, `${this.#folder}/preview.mkv`];
    const commands = [command('create_video', { ffmpeg_cmd: '{ffmpeg}', input_files, output_file, fps })];
    return this.list.add({ key: 'create-preview-video', kind: 'video-encoding', commands, after: [images] });
  }

  #publishFrames(file: string, after: number): void {
    for (const chunk of this.#base.chunks) {
      const commands = chunk.map((frame) =>
        copy(`${withFrame(file, padded(frame))}.exr`, this.#base.folder, `${this.#numbered(frame)}.exr`),
      );
      const key = `publish-exr-f_${framesName(chunk)}-to-output`;
      this.list.add({ key, kind: 'file-management', commands, after: [after] });
    }
  }

  #numbered(frame: number): string {
    return withFrame(this.#base.pattern, padded(frame));
  }

  /** Blender adds the extension. */
  #file(what: 'render' | 'merge', { from, to }: Samples): string {
    const name = what === 'render' ? `render-s_${from}-${to}` : `merge-to-s_${to}`;
    return `${this.#folder}/${name}-f_######`;
  }
}

const withFrame = (pattern: string, number: string): string => pattern.replace(/#{6}$/, () => number);

/** As Blender writes the number of a frame for `######`. */
function padded(frame: number): string {
  return frame < 0 ? `-${String(-frame).padStart(5, '0')}` : String(frame).padStart(6, '0');
}

function copy(src: string, folder: string, name = src.slice(src.lastIndexOf('/') + 1)): CommandText {
  return command('copy_file', { src, dest: `${folder}/${name}` });
}
