import type { Progress } from '../domain/attempt.ts';
import type { TaskId } from '../domain/ids.ts';
import type { Bus } from '../ports/bus.ts';
import type { Engine } from './engine.ts';
import type { SessionTable } from './session-table.ts';
import type { Watch } from './watch.ts';

export interface LiveProgress extends Pick<Engine, 'progress' | 'lastProgress' | 'onProgress'> {
  /** Nobody runs it any more. */
  ends(task: TaskId): void;
}

const prefix = 'progress:';
const subjectOf = (task: TaskId | '*'): string => `${prefix}${task}`;

/** Live values of running attempts: in memory and on the bus, never stored. */
export function createProgress({ bus, table, watch }: { bus: Bus; table: SessionTable; watch: Watch }): LiveProgress {
  const last = new Map<TaskId, Progress>();
  return {
    progress(task, attempt, value) {
      // Whoever reports late, or for an attempt that is over, is not heard.
      if (!watch.watches(task, attempt) || table.holderOf(task) === undefined) return;
      watch.alive(task);
      last.set(task, value);
      bus.signal(subjectOf(task), value);
    },
    lastProgress: (task) => last.get(task) ?? null,
    onProgress(task, call) {
      return bus.onSignal(subjectOf(task ?? '*'), (subject, value) => {
        call(Number(subject.slice(prefix.length)), value as Progress);
      });
    },
    ends(task) {
      if (last.delete(task)) bus.clearSignal(subjectOf(task));
    },
  };
}
