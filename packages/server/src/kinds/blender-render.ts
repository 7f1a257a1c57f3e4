import { closed } from '@switchyard/sdk/names.ts';
import Type, { type Static } from 'typebox';
import { type Result, refuse } from '../domain/errors.ts';
import type { CommandText } from '../domain/variables.ts';
import { command, PlanList } from './command-task.ts';

import type { Around, KindRow } from './kind-row.ts';
import { isExr, type RenderBase, renderBase, renderFields } from './render-fields.ts';
import { intermediateOf } from './render-paths.ts';
import { overridesOf } from './rna-overrides.ts';

const Spec = Type.Object(
  {
    ...renderFields,
    images_or_video: Type.Optional(Type.Union([Type.Literal('images'), Type.Literal('video')])),
    create_video: Type.Optional(
      Type.Boolean({ description: 'true: a video, whoever makes it; absent: if it can be made and some worker does' }),
    ),
  },
  closed,
);
type Spec = Static<typeof Spec>;

/** Chunks of frames into an intermediate folder, a video of them, and the folder renamed to its final place (flamenco §6.3). */
export const blenderRender: KindRow = {
  text: 'frames of a blend file, rendered in chunks, with a video if wanted',
  spec: Spec,
  looksAround: true,
  compile(given, _request, around) {
    const spec = given as Spec;
    const checked = renderBase(spec, around);
    if (checked.refusal !== undefined) return checked;
    const base = checked.value;
    const video = videoOf(spec, base, around);
    if (video.refusal !== undefined) return video;
    const plan = new PlanList();
    const { needs } = spec;
    const { filepath } = base;
    const folder = intermediateOf(base.folder, around.now);
    const overrides = overridesOf(filepath, spec.rna_overrides, folder);
    const first = overrides === null ? [] : [plan.add(overridesTask(overrides.write))];
    const renders = plan.add(
      {
        key: 'blender-render',
        kind: 'blender-render',
        commands: [
          command('blender_render', {
            blender_cmd: base.blender,
            filepath,
            render_output: `${folder}/${base.pattern}`,
            ...(spec.format === undefined ? {} : { format: spec.format }),
            frames: '{item}',
            ...(overrides === null ? {} : { python_expr: overrides.check }),
          }),
        ],
        items: base.items,
        after: first,
      },
      needs,
    );
    const last = video.value === null ? renders : plan.add({ ...videoTask(base, folder, video.value), after: [renders] });
    plan.add({
      key: 'move-to-final',
      kind: 'file-management',
      commands: [command('move_to_final', { src: folder, dest: base.folder }), ...(overrides === null ? [] : [overrides.remove])],
      after: [last],
    });
    return { value: { name: base.stem, spec: JSON.stringify(spec), tasks: plan.tasks } };
  },
};

function overridesTask(write: CommandText) {
  return { key: 'rna-overrides', kind: 'file-management', commands: [write] };
}

interface Video {
  readonly fps: number;
  readonly extension: string;
}

/** Whether a video is made; refused only where one was asked for and cannot be. */
function videoOf(spec: Spec, base: RenderBase, around: Around): Result<Video | null> {
  const { fps, format, create_video: wanted } = spec;
  const { extension } = base;
  if (wanted === false) return { value: null };
  const lacks = lackFor(spec, base);
  if (fps !== undefined && extension !== null && lacks === null) {
    return { value: wanted === true || around.offers('video-encoding') ? { fps, extension } : null };
  }
  if (wanted !== true) return { value: null };
  const why = lacks ?? (fps === undefined ? 'fps is missing' : `the extension of ${format ?? 'the files'} is not known`);
  return refuse('invalid', `No video can be made: ${why}`, fps === undefined ? '/spec/fps' : '/spec/create_video');
}

function lackFor({ images_or_video: kind = 'images', format }: Spec, { frames, extension }: RenderBase): string | null {
  if (kind === 'video') return 'Blender writes videos itself here (images_or_video is video)';
  if (frames.length < 2) return 'there is one frame only';
  return isExr(format, extension) ? 'EXR files are not made into one; render PNG or JPEG' : null;
}

function videoTask({ stem, framesText: frames }: RenderBase, folder: string, { fps, extension }: Video) {
  return {
    key: 'create-video',
    kind: 'video-encoding',
    commands: [
      command('create_video', {
        ffmpeg_cmd: '{ffmpeg}',
        input_files: `${folder}/*${extension}`,
        output_file: `${folder}/${stem}-${frames}.mkv`,
        fps,
      }),
    ],
  };
}
