import { type Result, refuse } from '../../domain/errors.ts';
import { parseJson } from '../kit/read-body.ts';
import type { TaskUpdate } from './messages.ts';

const statuses = ['active', 'completed', 'failed', 'canceled'] as const;
/** Timings of one task: names of the worker's own clockwork. */
const mostTimings = 100;

/** Takes what is usable of an update: refusing it would make its worker send it for ever (flamenco §2.2). */
export function readUpdate(text: string, activityLength: number): Result<TaskUpdate> {
  const parsed = parseJson(text);
  if (parsed.refusal !== undefined) return parsed;
  const value = parsed.value;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse('malformed', 'An update is an object');
  const given = value as Readonly<Record<string, unknown>>;
  return {
    value: {
      status: statuses.find((status) => status === given.task_status) ?? null,
      activity: textOf(given.activity).slice(0, activityLength).toWellFormed(),
      commandIndex: within(given.current_command_idx, 1_000_000),
      commandProgress: within(given.command_progress_percentage, 100),
      timing: timingOf(given.metrics),
      log: textOf(given.log),
    },
  };
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const within = (value: unknown, most: number): number | null =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? Math.min(most, Math.floor(value)) : null;

function timingOf(metrics: unknown): Readonly<Record<string, number>> | null {
  const timing = typeof metrics === 'object' && metrics !== null ? (metrics as { timing?: unknown }).timing : null;
  if (typeof timing !== 'object' || timing === null) return null;
  const fine = Object.entries(timing).filter(([name, value]) => name.length <= 100 && Number.isFinite(value));
  return Object.fromEntries(fine.slice(0, mostTimings)) as Record<string, number>;
}
