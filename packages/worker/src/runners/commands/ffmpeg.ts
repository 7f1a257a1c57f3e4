import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import Type from 'typebox';
import type { CommandContext } from './command-context.ts';
import { commandRow } from './command-row.ts';
import { filesOf } from './files-of.ts';
import { lineReader } from './lines.ts';
import { notSeen, programOf } from './programs.ts';
import { refusal, type Trouble } from './trouble.ts';

const Path = Type.String({ minLength: 1 });
const Ffmpeg = Type.Optional(Type.String({ minLength: 1 }));

const Video = Type.Object({
  input_files: Path,
  output_file: Path,
  fps: Type.Number({ exclusiveMinimum: 0 }),
  ffmpeg_cmd: Ffmpeg,
});

/** H.264 that every player takes, of the pictures in the order of their names (flamenco §6.1 create_video). */
export const createVideo = commandRow(Video, async ({ input_files, output_file, fps, ffmpeg_cmd }, context) => {
  const pictures = await filesOf(input_files);
  if (pictures.length === 0) return notSeen('any picture like', input_files, context.worker);
  const list = await listOf(pictures, context, 1 / fps);
  // This coding of colours wants even sizes.
  const even = 'pad=ceil(iw/2)*2:ceil(ih/2)*2';
  const coding = ['-c:v', 'libx264', '-crf', '20', '-g', '18', '-vf', even, '-pix_fmt', 'yuv420p', '-r', String(fps)];
  return ffmpeg(context, ffmpeg_cmd, [...concat(list), ...coding], output_file, pictures.length);
});

const Join = Type.Object({ input_files: Path, output_file: Path, ffmpeg_cmd: Ffmpeg });

export const concatenateVideos = commandRow(Join, async ({ input_files, output_file, ffmpeg_cmd }, context) => {
  const videos = (await filesOf(input_files)).filter((path) => path !== output_file);
  if (videos.length === 0) return notSeen('any video like', input_files, context.worker);
  return ffmpeg(context, ffmpeg_cmd, [...concat(await listOf(videos, context)), '-c', 'copy'], output_file);
});

const Mux = Type.Object({ audio_file: Path, video_file: Path, output_file: Path, ffmpeg_cmd: Ffmpeg });

export const muxAudio = commandRow(Mux, async ({ audio_file, video_file, output_file, ffmpeg_cmd }, context) => {
  const missing = [audio_file, video_file].find((path) => !existsSync(path));
  if (missing !== undefined) return notSeen('the file', missing, context.worker);
  const both = ['-i', audio_file, '-i', video_file, '-map', '0:a', '-map', '1:v', '-c', 'copy'];
  return ffmpeg(context, ffmpeg_cmd, both, output_file);
});

const Encode = Type.Object({
  input_file: Path,
  output_file: Path,
  codec: Type.String({ pattern: '^[A-Za-z0-9_]{1,40}$' }),
  bitrate: Type.String({ pattern: '^[0-9]{1,9}[kKmM]?$' }),
  ffmpeg_cmd: Ffmpeg,
});

export const encodeAudio = commandRow(Encode, async ({ input_file, output_file, codec, bitrate, ffmpeg_cmd }, context) => {
  if (!existsSync(input_file)) return notSeen('the file', input_file, context.worker);
  return ffmpeg(context, ffmpeg_cmd, ['-i', input_file, '-vn', '-c:a', codec, '-b:a', bitrate], output_file);
});

const concat = (list: string): string[] => ['-f', 'concat', '-safe', '0', '-i', list];

/** A list for ffmpeg's `concat`: names with any character in them, which its own patterns would misread. `each`: seconds. */
async function listOf(files: readonly string[], { folder }: CommandContext, each?: number): Promise<string> {
  const path = join(folder(), 'files.txt');
  const lines = files.map((file) => {
    const line = `file '${file.replaceAll("'", `'\\''`)}'\n`;
    return each === undefined ? line : `${line}duration ${each}\n`;
  });
  await writeFile(path, `ffconcat version 1.0\n${lines.join('')}`);
  return path;
}

async function ffmpeg(
  context: CommandContext,
  line: string | undefined,
  args: readonly string[],
  output: string,
  frames: number | null = null,
): Promise<Trouble | null> {
  const program = programOf('ffmpeg_cmd', line ?? 'ffmpeg', context);
  if ('trouble' in program) return program.trouble;
  if (!isAbsolute(output)) return refusal(`${JSON.stringify(output)} is not an absolute path on ${context.worker}`);
  await mkdir(dirname(output), { recursive: true });
  const seeErr = lineReader((text) => {
    const done = /^frame=\s*(\d+)/.exec(text)?.[1];
    if (done !== undefined && frames !== null) context.progress(Math.min(Number(done), frames), frames, 'frames');
  });
  return context.spawn([...program.words, '-hide_banner', '-nostdin', '-y', ...args, output], { seeErr });
}
