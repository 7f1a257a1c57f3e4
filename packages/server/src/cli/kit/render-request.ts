import { existsSync } from 'node:fs';
import { posix, win32 } from 'node:path';
import { chunksOf, readFrames } from '@switchyard/sdk/frames.ts';
import type { JobRequest } from '@switchyard/sdk/job.ts';
import type { Command } from 'commander';
import { usage } from './cli-error.ts';
import { type JobOptions, withTaskNeeds } from './job-options.ts';
import { jobFields, needsOf } from './job-request.ts';
import { whole } from './numbers.ts';
import { collect, collectWhole } from './options.ts';

/** Flags of `render`, as commander gives them. */
export interface RenderOptions extends Omit<JobOptions, 'output'> {
  readonly frames: string;
  readonly chunk: number;
  readonly output?: string;
  readonly format: string;
  readonly fps: number;
  readonly video?: boolean;
  readonly videoOnly?: boolean;
  readonly audio?: boolean;
  readonly samples?: number;
  readonly sampleCap?: number;
  readonly blender?: string;
  readonly override?: readonly string[];
}

export interface RenderRequest {
  readonly request: JobRequest;
  readonly frames: number;
  readonly chunk: number;
  /** Where the final files will be. */
  readonly folder: string;
  readonly warning: string | null;
}

export interface Here {
  readonly cwd: string;
  readonly now: number;
  /** Node's name of it. */
  readonly platform: string;
}

export function withRenderOptions(command: Command): Command {
  return withPlace(
    command
      .optionsGroup('What to render:')
      .requiredOption('--frames <frames>', 'such as 1-240 or 1,3-5,8')
      .option('--chunk <n>', 'frames per task', whole(1, 1_000_000), 8)
      .option('--output <dir>', 'folder of the frames, or a pattern such as /render/shot/frame-####; default: beside the file')
      .option('--format <format>', "Blender's name of the format, such as PNG, JPEG or OPEN_EXR", 'PNG')
      .option('--video', 'a video of the frames too')
      .option('--fps <n>', 'pictures a second of the video', fps, 24)
      .option('--video-only', 'no frames are kept, only the video')
      .option('--audio', 'with --video-only: with the sound of the file')
      .option('--samples <n>', 'with Cycles, so many samples, coarse pictures of all frames first', whole(1, 1_000_000))
      .option('--sample-cap <n>', 'with --samples: so many in one task; default: a quarter', whole(1, 1_000_000))
      .option('--override <python>', 'a line of Python that runs before rendering; may be repeated', collectWhole)
      .option('--blender <command>', 'default: {blender}, see "switchyard variables"'),
  );
}

function withPlace(command: Command): Command {
  const job = command
    .optionsGroup('The job:')
    .option('--name <name>', 'how lists show it; default: the file')
    .option('--priority <n>', 'higher first; default 0', whole(-1_000_000, 1_000_000))
    .option('--label <name=value>', 'to find it again; may be repeated', collectWhole)
    .option('--after <job>', 'only when these jobs have succeeded; may be repeated', collect)
    .option('--hold', 'do not start it until "switchyard release"')
    .option('--at <time>', 'not before this moment, such as 2026-12-24T18:00 or +2h')
    .optionsGroup('What each rendering task needs:');
  return withTaskNeeds(job).optionsGroup('Options:');
}

function fps(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1_000)) throw usage(`--fps must be a number of pictures a second, such as 24, not "${text}"`);
  return value;
}

/** The request, and what one says of it. Paths are sent as they are here; the server knows what they are elsewhere. */
export function renderRequest(file: string, options: RenderOptions, here: Here): RenderRequest {
  const read = readFrames(options.frames);
  if ('wrong' in read) throw usage(`--frames: ${read.wrong}`);
  const path = here.platform === 'win32' ? win32 : posix;
  // Variables and network paths are the server's to judge.
  const absolute = (text: string): string => (/^(\{|\/\/|\\\\)/.test(text) ? text : path.resolve(here.cwd, text));
  const filepath = absolute(file);
  const output = patternOf(options.output === undefined ? beside(filepath) : absolute(options.output), here.platform);
  const needs = needsOf(options);
  const { kind, spec } = kindOf(options);
  const common = {
    filepath,
    render_output: output.pattern,
    frames: options.frames,
    chunk_size: options.chunk,
    ...(options.blender === undefined ? {} : { blender_cmd: options.blender }),
    ...(options.override === undefined ? {} : { rna_overrides: [...options.override] }),
    ...(Object.keys(needs).length === 0 ? {} : { needs }),
    ...platformField(here.platform),
  };
  return {
    request: { ...jobFields(options, here.now), kind, spec: { ...common, ...spec } },
    frames: read.frames.length,
    chunk: Math.min(options.chunk, chunksOf(read.frames, options.chunk)[0]?.length ?? 1),
    folder: output.folder,
    warning: filepath.startsWith('{') || existsSync(filepath) ? null : `${filepath} is not here; the workers must have it`,
  };
}

function kindOf(options: RenderOptions): { kind: string; spec: Readonly<Record<string, unknown>> } {
  const { format, fps: rate, samples, videoOnly = false, audio = false, video = false } = options;
  if (audio && !videoOnly) throw usage('--audio goes with --video-only');
  if (videoOnly && (video || samples !== undefined)) throw usage('--video-only excludes --video and --samples');
  if (options.sampleCap !== undefined && samples === undefined) throw usage('--sample-cap goes with --samples');
  if (videoOnly) {
    const extension = format === 'JPEG' ? '.jpg' : `.${format.toLowerCase()}`;
    return {
      kind: 'blender-video-chunks',
      spec: { format, fps: rate, output_file_extension: extension, extract_audio: audio },
    };
  }
  if (samples === undefined) {
    return { kind: 'blender-render', spec: { format, create_video: video, ...(video ? { fps: rate } : {}) } };
  }
  const cap = options.sampleCap ?? Math.max(1, Math.ceil(samples / 4));
  const counts = { cycles_sample_count: samples, cycles_sample_cap: cap };
  return { kind: 'blender-render-progressive', spec: { format: 'OPEN_EXR', ...counts, ...(video ? { fps: rate } : {}) } };
}

/** `/shots/a.blend` -> `/shots/a`. */
function beside(filepath: string): string {
  const folder = filepath.replace(/\.blend$/i, '');
  return folder === filepath ? `${filepath}-frames` : folder;
}

/** A folder stands for six digits in it. */
function patternOf(output: string, platform: string): { pattern: string; folder: string } {
  const slash = platform === 'win32' ? /[\\/]/ : /\//;
  const parts = output.split(slash);
  if (!(parts.at(-1) ?? '').includes('#')) {
    const folder = output.replace(/[\\/]+$/, '');
    return { pattern: `${folder}/######`, folder };
  }
  return { pattern: output, folder: parts.slice(0, -1).join('/') };
}

function platformField(platform: string): { platform?: 'linux' | 'windows' | 'darwin' } {
  if (platform === 'win32') return { platform: 'windows' };
  return platform === 'darwin' || platform === 'linux' ? { platform } : {};
}
