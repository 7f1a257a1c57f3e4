import type { ProgressEvent } from '@switchyard/sdk/change.ts';
import { useCallback, useSyncExternalStore } from 'react';
import { useYard } from './yard.tsx';

/** The newest progress of running tasks; what is no longer told of is let go. */
export interface ProgressBoard {
  put(event: ProgressEvent): void;
  get(task: number): ProgressEvent | null;
  onTask(task: number, call: () => void): () => void;
}

const most = 10_000;

export function createProgressBoard(): ProgressBoard {
  const values = new Map<number, ProgressEvent>();
  const calls = new Map<number, Set<() => void>>();
  return {
    put(event) {
      values.delete(event.task);
      values.set(event.task, event);
      const oldest = values.keys().next().value;
      if (values.size > most && oldest !== undefined) values.delete(oldest);
      for (const call of calls.get(event.task) ?? []) call();
    },
    get: (task) => values.get(task) ?? null,
    onTask(task, call) {
      const set = calls.get(task) ?? new Set();
      calls.set(task, set.add(call));
      return () => {
        set.delete(call);
        if (set.size === 0) calls.delete(task);
      };
    },
  };
}

export function useProgress(task: number): ProgressEvent | null {
  const { progress } = useYard().live;
  const subscribe = useCallback((call: () => void) => progress.onTask(task, call), [progress, task]);
  return useSyncExternalStore(subscribe, () => progress.get(task));
}
