import type { TaskId } from '../domain/ids.ts';
import type { LiveValue, LiveValues } from './engine.ts';
import type { SessionTable } from './session-table.ts';
import type { Watch } from './watch.ts';

/** Newest values that are kept for whoever comes later; beyond it they are passed on and forgotten. */
const keptBytesMost = 134_217_728;

type Listener = (value: LiveValue) => void;

/** One name of one task, while somebody watches it. */
interface Subject {
  readonly listeners: Set<Listener>;
  last: LiveValue | null;
  /** Listeners that have not been shown `last`. */
  readonly owed: Set<Listener>;
}

export interface LiveTable extends LiveValues {
  /** An attempt of it began, or its worker came back. */
  begins(task: TaskId): void;
  /** Nobody runs it any more. */
  ends(task: TaskId): void;
  close(): void;
}

export interface LiveDeps {
  readonly table: SessionTable;
  readonly watch: Pick<Watch, 'attemptOf' | 'watches'>;
  failed(where: string, cause: unknown): void;
}

/**
 * Live values of the workers that are connected to this server: in memory, only what is watched, the newest of each. Too large
 * for the bus: a server that does not hold the session would have to ask the one that does.
 */
export function createLive({ table, watch, failed }: LiveDeps): LiveTable {
  const tasks = new Map<TaskId, Map<string, Subject>>();
  const owing = new Set<Subject>();
  let keptBytes = 0;
  let closed = false;

  /** After this turn's answers: whoever is given the attempt just now has been told so by then. */
  function tellWorker(task: TaskId): void {
    setImmediate(() => {
      const attempt = watch.attemptOf(task);
      if (closed || attempt === null) return;
      try {
        table.holderOf(task)?.ears.watch?.(task, attempt, [...(tasks.get(task)?.keys() ?? [])]);
      } catch (cause) {
        failed('live', cause);
      }
    });
  }

  function keep(subject: Subject, value: LiveValue | null): void {
    keptBytes += (value?.bytes.length ?? 0) - (subject.last?.bytes.length ?? 0);
    subject.last = value;
  }

  function owe(subject: Subject, listeners: Iterable<Listener>): void {
    for (const listener of listeners) subject.owed.add(listener);
    if (owing.size === 0) setImmediate(show);
    owing.add(subject);
  }

  function show(): void {
    const subjects = [...owing];
    owing.clear();
    for (const subject of subjects) {
      const { last } = subject;
      const listeners = [...subject.owed];
      subject.owed.clear();
      if (last === null) continue;
      for (const listener of listeners) if (subject.listeners.has(listener)) call(listener, last);
      if (keptBytes > keptBytesMost) keep(subject, null);
    }
  }

  function call(listener: Listener, value: LiveValue): void {
    try {
      listener(value);
    } catch (cause) {
      failed('live', cause);
    }
  }

  function subjectOf(task: TaskId, name: string): Subject {
    const names = tasks.get(task) ?? new Map<string, Subject>();
    tasks.set(task, names);
    const known = names.get(name);
    if (known !== undefined) return known;
    const subject: Subject = { listeners: new Set(), last: null, owed: new Set() };
    names.set(name, subject);
    tellWorker(task);
    return subject;
  }

  function drop(task: TaskId, name: string, subject: Subject): void {
    keep(subject, null);
    const names = tasks.get(task);
    names?.delete(name);
    if (names?.size === 0) tasks.delete(task);
    tellWorker(task);
  }

  return {
    put(task, attempt, name, value) {
      const subject = tasks.get(task)?.get(name);
      // Late ones, and those that crossed the news that nobody watches any more.
      if (subject === undefined || !watch.watches(task, attempt) || table.holderOf(task) === undefined) return;
      keep(subject, value);
      owe(subject, subject.listeners);
    },

    watch(task, name, call) {
      const subject = subjectOf(task, name);
      // A listener of its own for every call: the same function may watch twice.
      const listener: Listener = (value) => call(value);
      subject.listeners.add(listener);
      if (subject.last !== null) owe(subject, [listener]);
      return () => {
        if (subject.listeners.delete(listener) && subject.listeners.size === 0) drop(task, name, subject);
      };
    },

    begins(task) {
      if (tasks.has(task)) tellWorker(task);
    },

    ends(task) {
      for (const subject of tasks.get(task)?.values() ?? []) {
        subject.owed.clear();
        keep(subject, null);
      }
    },

    close() {
      closed = true;
      tasks.clear();
      owing.clear();
    },
  };
}
