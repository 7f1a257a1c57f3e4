import type { Change } from '../domain/change.ts';
import type { TaskId } from '../domain/ids.ts';
import { isAlive, isRunningLike, type Task, type TaskStateName } from '../domain/task.ts';
import type { Worker } from '../domain/worker.ts';
import type { AnswerOf, Assignment, CommandName, InputOf } from './commands.ts';
import type { SessionTable } from './session-table.ts';
import type { Watch } from './watch.ts';

export interface MirrorDeps {
  readonly table: SessionTable;
  readonly watch: Watch;
  /** An attempt began, or nobody holds the task any more. */
  moved(task: TaskId, held: boolean): void;
  /** An attempt began. */
  began?(task: Task): void;
}

/** Answers that give tasks to workers, and what workers say of themselves. */
export interface Mirror {
  /** Called for each answer of a batch, in order, before `changed` for the same batch. */
  answered(name: CommandName, input: unknown, answer: unknown): void;
  changed(changes: readonly Change[]): void;
}

/**
 * Keeps the table of sessions in line with what was committed, whoever caused it, in the order of the commits. It is for
 * choosing well: the store decides.
 */
export function createMirror({ table, watch, moved, began }: MirrorDeps): Mirror {
  function assigned({ task, amounts }: Assignment): void {
    if (!isAlive(task.state)) return;
    const session = table.get(task.state.session);
    if (session === undefined) return;
    table.holds(session, task, amounts);
    if (!isRunningLike(task.state)) return;
    watch.begins(task);
    began?.(task);
  }

  function refreshed({ session: number, reported, total }: InputOf<'refresh'>): void {
    const session = table.get(number);
    if (session === undefined) return;
    const { worker } = session;
    table.describe(session, { ...worker, reported: reported ?? worker.reported, total: total ?? worker.total });
  }

  /** Only the last word of a batch on a task counts: what came before is over. */
  function tasksChanged(last: ReadonlyMap<TaskId, Change>): void {
    for (const [task, { json, worker }] of last) {
      const { state, from } = JSON.parse(json) as { state: TaskStateName; from: TaskStateName };
      const held = worker !== null;
      table.leaves(task, worker);
      if (!held) watch.ends(task);
      else if (state === 'suspended') watch.suspended(task);
      else if (from === 'suspended' && state === 'running') watch.resumed(task);
      if (!held || state === 'running') moved(task, held);
    }
  }

  function workerChanged({ worker, json }: Change): void {
    const session = worker === null ? undefined : table.ofWorker(worker);
    if (session === undefined) return;
    const { status, mode, wanted, gate, tags } = JSON.parse(json) as Worker;
    table.describe(session, { ...session.worker, status, mode, wanted, gate, tags });
  }

  return {
    answered(name, input, answer) {
      if (name === 'claim') for (const one of (answer as AnswerOf<'claim'>).assignments) assigned(one);
      else if (name === 'accept') assigned((answer as AnswerOf<'accept'>).assignment);
      else if (name === 'refresh') refreshed(input as InputOf<'refresh'>);
      else if (name === 'submit') {
        const { started } = answer as AnswerOf<'submit'>;
        if (started !== null) assigned(started);
      }
    },
    changed(changes) {
      const last = new Map<TaskId, Change>();
      for (const change of changes) {
        if (change.kind === 'task.changed' && change.task !== null) last.set(change.task, change);
        else if (change.kind === 'worker.changed') workerChanged(change);
      }
      tasksChanged(last);
    },
  };
}
