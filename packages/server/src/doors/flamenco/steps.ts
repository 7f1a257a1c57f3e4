import { commandsIn, expandCommands } from '../../domain/variables.ts';
import type { Desk } from './desk.ts';
import type { Holding, Step } from './known-worker.ts';
import { lookup } from './principals.ts';
import { stepsOf } from './progress.ts';

/** Read once per task that was not handed out by this server. */
export function stepsOfHolding(desk: Desk, holding: Holding): Promise<readonly Step[]> {
  holding.steps ??= readSteps(desk, holding);
  return holding.steps;
}

async function readSteps({ engine }: Desk, { task: id }: Holding): Promise<readonly Step[]> {
  const shown = await engine.query.task(lookup, id);
  if (shown.refusal !== undefined) return [];
  const { task } = shown.value;
  const makeup = (await engine.query.makeups([task])).get(id);
  const commands = makeup === undefined ? null : commandsIn(makeup.body);
  if (makeup === undefined || commands === null) return [];
  return stepsOf(expandCommands(commands, () => undefined, { value: makeup.value, index: task.index }));
}
