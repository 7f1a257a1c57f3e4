import { blenderRender, blenderRenderAudio, blenderRenderProgressive } from './blender.ts';
import type { CommandRow } from './command-row.ts';
import { exrSequenceToJpeg, mergeProgressiveRenderSequence, mergeProgressiveRenders } from './exr.ts';
import { concatenateVideos, createVideo, encodeAudio, muxAudio } from './ffmpeg.ts';
import { copyOne, createPythonFile, moveOutOfWay, moveToFinal, moveWithCounter, removeFile, removeTree } from './files.ts';
import { echo, exec, logALot, sleep } from './words.ts';

/** Every command that this worker runs: those of Flamenco's worker 2.5 (flamenco §6.1). */
export const commandTable: Readonly<Record<string, CommandRow>> = {
  echo,
  log_a_lot: logALot,
  sleep,
  exec,
  create_python_file: createPythonFile,
  copy_file: copyOne,
  move_out_of_way: moveOutOfWay,
  move_to_final: moveToFinal,
  move_with_counter: moveWithCounter,
  remove_tree: removeTree,
  remove_file: removeFile,
  blender_render: blenderRender,
  blender_render_progressive: blenderRenderProgressive,
  blender_render_audio: blenderRenderAudio,
  exr_sequence_to_jpeg: exrSequenceToJpeg,
  merge_progressive_renders: mergeProgressiveRenders,
  merge_progressive_render_sequence: mergeProgressiveRenderSequence,
  create_video: createVideo,
  concatenate_videos: concatenateVideos,
  mux_audio: muxAudio,
  encode_audio: encodeAudio,
};
