import type { Principal } from '../../../src/domain/principal.ts';
import type { TaskStateName } from '../../../src/domain/task.ts';
import type { AnswerOf, CommandName, InputOf } from '../../../src/engine/commands.ts';
import { admin, ok, type Yard } from './yard.ts';

/** Runs a command and gives its answer; a refusal is thrown as `code: detail`. */
export async function does<N extends CommandName>(
  yard: Yard,
  name: N,
  input: InputOf<N>,
  by: Principal = admin,
): Promise<AnswerOf<N>> {
  return ok(await yard.engine.command(by, name, input));
}

/** Runs a command that must be refused, and gives the code. */
export async function refused<N extends CommandName>(
  yard: Yard,
  name: N,
  input: InputOf<N>,
  by: Principal = admin,
): Promise<string> {
  const { refusal } = await yard.engine.command(by, name, input);
  return refusal?.code ?? 'not refused';
}

export async function stateOf(yard: Yard, task: number): Promise<TaskStateName> {
  return ok(await yard.engine.query.task(admin, task)).task.state.state;
}

export async function taskOf(yard: Yard, task: number) {
  return ok(await yard.engine.query.task(admin, task)).task;
}

export async function jobOf(yard: Yard, job: number) {
  return ok(await yard.engine.query.job(admin, job));
}

export async function statesOf(yard: Yard, tasks: readonly number[]): Promise<TaskStateName[]> {
  return Promise.all(tasks.map((task) => stateOf(yard, task)));
}

export const shell = (more: Record<string, unknown> = {}) => ({ argv: ['x'], cwd: '/', ...more });

/** A graph by its arrows: `{ a: [], b: ['a'] }`. */
export const graph = (after: Record<string, readonly string[]>, more: Record<string, Record<string, unknown>> = {}) => ({
  kind: 'graph',
  spec: { tasks: Object.entries(after).map(([key, parents]) => ({ key, ...shell(more[key]), after: parents })) },
});
