import type { ClassId, Millis, WorkerId } from '../../domain/ids.ts';
import type { TaskArray, TaskState } from '../../domain/task.ts';
import type { Wake } from '../../ports/store.ts';

/** Gathers whom to wake after the commit: what the writes show, and what the procedures say. */
export class WakeNotes {
  readonly #classes = new Set<ClassId>();
  readonly #workers = new Set<WorkerId>();
  #due: Millis = Number.POSITIVE_INFINITY;
  #sweeps = false;

  ofState(state: TaskState | TaskArray['rest'], id: ClassId): void {
    if (state.state === 'ready') this.#classes.add(id);
    else if (state.state === 'waiting') this.#dueAt(state.notBefore);
    else if (state.state === 'offered') this.#dueAt(state.deadline);
  }

  ofSweep(): void {
    this.#sweeps = true;
  }

  of(said: Partial<Wake>): void {
    for (const id of said.classes ?? []) this.#classes.add(id);
    for (const id of said.workers ?? []) this.#workers.add(id);
    for (const due of said.due ?? []) this.#dueAt(due);
    if (said.sweeps === true) this.#sweeps = true;
  }

  wake(): Wake {
    const due = Number.isFinite(this.#due) ? [this.#due] : [];
    return { classes: [...this.#classes], workers: [...this.#workers], due, sweeps: this.#sweeps };
  }

  #dueAt(due: Millis | null): void {
    if (due !== null && due < this.#due) this.#due = due;
  }
}
