import type { Progress } from '../../domain/attempt.ts';
import type { CommandText } from '../../domain/variables.ts';
import type { Step } from './known-worker.ts';
import type { TaskUpdate } from './messages.ts';

const mostFrames = 100_000;

/** What is shown of each command's progress. */
export function stepsOf(commands: readonly CommandText[]): Step[] {
  return commands.map(({ name, settings }) => {
    const { frames } = settings;
    return { name, frames: name.startsWith('blender_render') && typeof frames === 'string' ? framesIn(frames) : null };
  });
}

/** Frames as they stand in a command: checked when the job was submitted, so what cannot be read is only not shown. */
function framesIn(text: string): readonly number[] | null {
  const frames: number[] = [];
  for (const word of text.split(',')) {
    const match = /^\s*(-?\d{1,7})(?:\s*(?:\.\.|-)\s*(-?\d{1,7}))?\s*$/.exec(word);
    if (match === null) return null;
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    for (let frame = first; frame <= last && frames.length <= mostFrames; frame++) frames.push(frame);
  }
  return frames.length === 0 || frames.length > mostFrames ? null : frames;
}

/** Characters at the end of a log in which a frame is looked for. */
const lookBack = 65_536;

/** Blender says with every line which frame it is at; such lines come in the log only (flamenco §6.1). */
export function lastFrame(log: string): number | null {
  const end = log.slice(-lookBack);
  const at = end.lastIndexOf('Fra:');
  const found = at < 0 ? null : /^Fra:(-?\d{1,7})\b/.exec(end.slice(at, at + 20));
  return found === null ? null : Number(found[1]);
}

/**
 * How far a task is, in per cent: by the command it is at, by what that command says of itself, and by the frame that Blender is
 * at (the worker's own figures never say more than "begun" and "done"; flamenco §3). Null: nothing new.
 */
export function progressOf(update: TaskUpdate, steps: readonly Step[], before: Progress | null): Progress | null {
  const { commandIndex, commandProgress, activity } = update;
  const frame = lastFrame(update.log);
  if (commandIndex === null && frame === null && activity === '') return null;
  const index = commandIndex ?? steps.findIndex(({ frames }) => frame !== null && frames?.includes(frame));
  const step = steps[index];
  const part = step === undefined ? 0 : Math.max((commandProgress ?? 0) / 100, frameShare(step, frame));
  const share = index < 0 || steps.length === 0 ? 0 : Math.min(1, (index + Math.min(1, part)) / steps.length);
  // Log lines of the task before may come first: what has been reached is not taken back.
  const done = Math.max(before?.done ?? 0, Math.round(share * 100));
  const phase = frame !== null && step?.frames?.includes(frame) === true ? `frame ${frame}` : activity || (before?.phase ?? null);
  return { done, total: 100, unit: '%', phase };
}

function frameShare({ frames }: Step, frame: number | null): number {
  const at = frame === null ? -1 : (frames?.indexOf(frame) ?? -1);
  return frames === null || at < 0 ? 0 : at / frames.length;
}
