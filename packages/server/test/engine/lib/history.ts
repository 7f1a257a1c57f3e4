import type { Change } from '../../../src/domain/change.ts';
import type { Task } from '../../../src/domain/task.ts';
import type { AllRows } from './all-rows.ts';

/** What was seen over time: the feed in order, attempts that began, what has succeeded at some moment. */
export class History {
  readonly faults: string[] = [];
  readonly #succeeded = new Set<string>();
  /** Jobs that have ended at some moment, however, or were asked to go. */
  readonly #ended = new Set<number>();
  readonly #states = new Map<number, string>();
  readonly #attempts = new Map<number, number>();
  readonly #begun = new Map<string, number>();
  readonly #reported = new Set<string>();
  #last = 0;

  /** Number of the last change seen. */
  get last(): number {
    return this.#last;
  }

  get succeededTasks(): number {
    return this.#succeeded.size;
  }

  fault(text: string): void {
    this.faults.push(text);
  }

  note(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.number !== this.#last + 1) this.fault(`change ${change.number} came after ${this.#last}`);
      this.#last = change.number;
      const { state, from, attempt } = JSON.parse(change.json) as { state?: string; from?: string; attempt?: number };
      const isOver = change.kind === 'job.deleted' || ['succeeded', 'failed', 'canceled'].includes(state ?? '');
      if (change.kind.startsWith('job.') && isOver) this.#ended.add(change.job ?? 0);
      if (change.kind === 'job.changed' && state === 'succeeded') this.#succeeded.add(`job ${change.job}`);
      if (change.kind !== 'task.changed' || change.task === null) continue;
      const known = this.#states.get(change.task);
      if (known !== undefined && known !== from) this.fault(`task ${change.task} went from ${from} to ${state}; it was ${known}`);
      this.#states.set(change.task, state!);
      if (state !== 'succeeded') continue;
      this.#succeeded.add(`task ${change.task}`);
      const name = `${change.task}.${attempt}`;
      if (!this.#reported.has(name)) this.fault(`attempt ${name} succeeded, and whoever held it has not said so`);
    }
  }

  /** Whoever holds the attempt says that it has succeeded. */
  reports(task: number, attempt: number): void {
    this.#reported.add(`${task}.${attempt}`);
  }

  /** Each attempt begins once, on one worker. */
  begins({ id, attempt }: Task, worker: number): void {
    const name = `${id}.${attempt}`;
    const known = this.#begun.get(name);
    if (known !== undefined) this.fault(`attempt ${name} began on worker ${known} and on worker ${worker}`);
    this.#begun.set(name, worker);
  }

  /** Attempt numbers only grow; what has begun had all its parents succeed before. */
  growing(rows: AllRows): string[] {
    const faults: string[] = [];
    const succeeded = ({ parentKind, parent, any }: AllRows['edges'][number]): boolean => {
      if (any === true) return this.#ended.has(parent);
      if (parentKind !== 'array') return this.#succeeded.has(`${parentKind} ${parent}`);
      const array = rows.arrays.find(({ id }) => id === parent);
      return (
        array === undefined ||
        rows.tasks.filter((task) => task.array === parent && this.#succeeded.has(`task ${task.id}`)).length === array.size
      );
    };
    for (const task of rows.tasks) {
      const known = this.#attempts.get(task.id) ?? 0;
      if (task.attempt < known) faults.push(`task ${task.id} fell from attempt ${known} to ${task.attempt}`);
      this.#attempts.set(task.id, task.attempt);
      if (task.attempt === known) continue;
      const [kind, child] = task.array === null ? ['task', task.id] : ['array', task.array];
      for (const edge of rows.edges) {
        if (edge.childKind === kind && edge.child === child && !succeeded(edge))
          faults.push(`task ${task.id} began, and ${edge.parentKind} ${edge.parent} has never succeeded`);
      }
    }
    return faults;
  }
}
