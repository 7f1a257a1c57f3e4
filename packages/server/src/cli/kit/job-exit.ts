import { constants } from 'node:os';
import type { TaskView } from '@switchyard/sdk/task.ts';
import { exitCodes } from './exit-codes.ts';
import { clean } from './output.ts';

/** The exit code that stands for a task's end, and a sentence where the code alone says too little. */
export function exitOf(task: TaskView): { readonly code: number; readonly why: string | null } {
  if (task.state === 'succeeded') return { code: 0, why: null };
  const why = `task ${task.id} ${task.state}: ${clean(task.error ?? task.text ?? task.reason ?? 'no reason given')}`;
  if (task.state === 'canceled') return { code: exitCodes.own.code, why };
  if (task.reason === 'timeout' || task.reason === 'silence') return { code: exitCodes.timeout.code, why };
  if (task.reason === 'start') return { code: exitCodes.notStarted.code, why };
  if (task.reason === 'exit' && task.exitCode !== null && task.exitCode !== 0) return { code: task.exitCode, why: null };
  if (task.reason === 'signal' && task.signal !== null) return { code: 128 + (signalNumber(task.signal) ?? 0), why };
  return { code: exitCodes.own.code, why };
}

function signalNumber(name: string): number | undefined {
  return (constants.signals as Readonly<Record<string, number>>)[name];
}
