import { framesText } from '@switchyard/sdk/frames.ts';
import { closed } from '@switchyard/sdk/names.ts';
import Type, { type Static } from 'typebox';
import { refuse } from '../domain/errors.ts';
import { command, PlanList } from './command-task.ts';

import type { KindRow } from './kind-row.ts';
import { framesName, isExr, type RenderBase, renderBase, renderFields } from './render-fields.ts';
import { intermediateOf } from './render-paths.ts';
import { type Overrides, overridesOf } from './rna-overrides.ts';

const Spec = Type.Object(
  {
    ...renderFields,
    fps: Type.Number({ exclusiveMinimum: 0, maximum: 1_000 }),
    output_file_extension: Type.String({ pattern: '^\\.[A-Za-z0-9]{1,10}$' }),
    extract_audio: Type.Optional(Type.Boolean({ description: 'the sound of the blend file too; default false' })),
  },
  closed,
);
type Spec = Static<typeof Spec>;

/** A task can wait for so many: all pieces come together in one. */
const mostPieces = 1_000;

/** A video, each chunk rendered and encoded by itself, then put together: for edits whose frames nobody keeps (flamenco §6.3). */
export const blenderVideoChunks: KindRow = {
  text: 'a video of a blend file, rendered and encoded in chunks',
  spec: Spec,
  looksAround: true,
  compile(given, _request, around) {
    const spec = given as Spec;
    const checked = renderBase(spec, around);
    if (checked.refusal !== undefined) return checked;
    const base = checked.value;
    if (base.chunks.length > mostPieces) {
      const text = `A video may have ${mostPieces} chunks; this one has ${base.chunks.length}: enlarge chunk_size`;
      return refuse('too_large', text, '/spec/chunk_size');
    }
    if (isExr(spec.format, spec.output_file_extension)) {
      return refuse('invalid', 'EXR files are not made into a video; render PNG or JPEG', '/spec/format');
    }
    const plan = new PlanList();
    const folder = intermediateOf(base.folder, around.now);
    const overrides = overridesOf(base.filepath, spec.rna_overrides, folder);
    const start = begin(plan, overrides, folder);
    const videos = base.chunks.map((chunk, i) => planChunk(plan, { spec, base, folder, overrides, start, chunk, i }));
    const silent = `${folder}/silent.mkv`;
    const joined = plan.add({
      key: 'concatenate-videos',
      kind: 'video-encoding',
      commands: [
        command('concatenate_videos', { ffmpeg_cmd: '{ffmpeg}', input_files: `${folder}/video-*.mkv`, output_file: silent }),
      ],
      after: videos,
    });
    const done = spec.extract_audio
      ? addSound(plan, spec, base, folder, { start, joined, silent })
      : { last: joined, file: silent };
    plan.add({
      key: 'move-with-counter',
      kind: 'file-management',
      commands: [
        command('move_with_counter', { src: done.file, dest: `${base.folder}/${base.stem}-${base.framesText}.mkv` }),
        ...(overrides === null ? [] : [overrides.remove]),
      ],
      after: [done.last],
    });
    return { value: { name: base.stem, spec: JSON.stringify(spec), tasks: plan.tasks } };
  },
};

/** The folder of an earlier try goes out of the way; overrides are written in the same breath. */
function begin(plan: PlanList, overrides: Overrides | null, folder: string): number {
  const away = { key: 'move-out-of-way', kind: 'file-management', commands: [command('move_out_of_way', { src: folder })] };
  const first = plan.add(away);
  if (overrides === null) return first;
  return plan.add({ key: 'rna-overrides', kind: 'file-management', commands: [overrides.write], after: [first] });
}

interface Chunk {
  readonly spec: Spec;
  readonly base: RenderBase;
  readonly folder: string;
  readonly overrides: Overrides | null;
  readonly start: number;
  readonly chunk: readonly number[];
  readonly i: number;
}

/** Frames, then their video. Pieces are put together in the order of their names. */
function planChunk(plan: PlanList, { spec, base, folder, overrides, start, chunk, i }: Chunk): number {
  const number = String(i + 1).padStart(6, '0');
  const frames = `${folder}/frames-${number}`;
  const rendered = plan.add(
    {
      key: `frame-chunk-${framesName(chunk)}`,
      kind: 'blender-render',
      commands: [
        command('blender_render', {
          blender_cmd: base.blender,
          filepath: base.filepath,
          render_output: `${frames}/######`,
          ...(spec.format === undefined ? {} : { format: spec.format }),
          frames: framesText(chunk, '..'),
          ...(overrides === null ? {} : { python_expr: overrides.check }),
        }),
      ],
      after: [start],
    },
    spec.needs,
  );
  return plan.add({
    key: `video-chunk-${framesName(chunk)}`,
    kind: 'video-encoding',
    commands: [
      command('create_video', {
        ffmpeg_cmd: '{ffmpeg}',
        input_files: `${frames}/*${spec.output_file_extension}`,
        output_file: `${folder}/video-${number}.mkv`,
        fps: spec.fps,
      }),
    ],
    after: [rendered],
  });
}

function addSound(
  plan: PlanList,
  spec: Spec,
  base: RenderBase,
  folder: string,
  { start, joined, silent }: { start: number; joined: number; silent: string },
): { last: number; file: string } {
  const [raw, encoded, file] = [`${folder}/audio.flac`, `${folder}/audio.m4a`, `${folder}/complete.mkv`];
  const frames = { frame_start: base.frames[0] ?? 0, frame_end: base.frames.at(-1) ?? 0 };
  const rendered = plan.add(
    {
      key: 'render-audio',
      kind: 'blender-render',
      commands: [
        command('blender_render_audio', { blender_cmd: base.blender, filepath: base.filepath, render_output: raw, ...frames }),
      ],
      after: [start],
    },
    spec.needs,
  );
  const encode = { ffmpeg_cmd: '{ffmpeg}', input_file: raw, output_file: encoded, codec: 'aac', bitrate: '192k' };
  const sound = plan.add({
    key: 'encode-audio',
    kind: 'video-encoding',
    commands: [command('encode_audio', encode)],
    after: [rendered],
  });
  const mux = { ffmpeg_cmd: '{ffmpeg}', audio_file: encoded, video_file: silent, output_file: file };
  const last = plan.add({
    key: 'mux-audio-video',
    kind: 'video-encoding',
    commands: [command('mux_audio', mux)],
    after: [joined, sound],
  });
  return { last, file };
}
