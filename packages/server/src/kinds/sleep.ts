import { chunksOf } from '@switchyard/sdk/frames.ts';
import { closed } from '@switchyard/sdk/names.ts';
import { Needs } from '@switchyard/sdk/task-spec.ts';
import Type, { type Static } from 'typebox';
import { refuse } from '../domain/errors.ts';
import { command, planCommands } from './command-task.ts';
import { parseFrames } from './frames.ts';
import type { KindRow } from './kind-row.ts';
import { ChunkSize, Frames, framesName, mostChunks } from './render-fields.ts';

const Spec = Type.Object(
  {
    frames: Frames,
    chunk_size: ChunkSize,
    time_in_seconds: Type.Number({ minimum: 0, maximum: 86_400 }),
    needs: Type.Optional(Needs),
  },
  closed,
);

/** Workers that wait, to try a farm out (flamenco §6.3). */
export const sleep: KindRow = {
  text: 'waiting, in chunks of frames, to try out a farm',
  spec: Spec,
  compile(given) {
    const spec = given as Static<typeof Spec>;
    const frames = parseFrames(spec.frames, '/spec/frames');
    if (frames.refusal !== undefined) return frames;
    const chunks = chunksOf(frames.value, spec.chunk_size);
    if (chunks.length > mostChunks) {
      return refuse('too_large', `A job may have ${mostChunks} chunks; this one has ${chunks.length}`, '/spec/chunk_size');
    }
    const items = chunks.map((chunk) => framesName(chunk));
    const commands = [
      command('echo', { message: 'Preparing to sleep, frames {item}' }),
      command('sleep', { time_in_seconds: spec.time_in_seconds }),
    ];
    const task = planCommands({ key: 'sleep', kind: 'sleep', commands, items }, spec.needs);
    return { value: { name: 'sleep', spec: JSON.stringify(spec), tasks: [task] } };
  },
};
