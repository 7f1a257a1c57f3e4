import { Command, commandLimits } from '@switchyard/sdk/commands.ts';
import { closed, limits, Name, Priority } from '@switchyard/sdk/names.ts';
import { Needs } from '@switchyard/sdk/task-spec.ts';
import Type, { type Static } from 'typebox';
import type { TaskPlan } from '../domain/plan.ts';
import { planCommands } from './command-task.ts';
import type { KindRow } from './kind-row.ts';
import { parentsFirst } from './order.ts';
import { parentsOf } from './parents.ts';

const CommandTask = Type.Object(
  {
    key: Type.String({ pattern: '^[A-Za-z0-9_.-]{1,100}$' }),
    type: Type.String({ pattern: '^[A-Za-z0-9_.-]{1,100}$', description: 'kind of task that workers must offer' }),
    commands: Type.Array(Command, { maxItems: commandLimits.commands }),
    after: Type.Optional(Type.Array(Name, { maxItems: limits.parents })),
    priority: Type.Optional(Priority),
    needs: Type.Optional(Needs),
  },
  closed,
);
const Spec = Type.Object(
  { tasks: Type.Array(CommandTask, { minItems: 1, maxItems: limits.tasksPerRequest }) },
  {
    ...closed,
    description: 'tasks as lists of commands, with dependencies: what every other kind of a render farm comes down to',
  },
);

/** Tasks in the words of a render farm, as they are: for job types of one's own. */
export const commands: KindRow = {
  text: 'tasks as lists of commands, with dependencies, for workers of a render farm',
  spec: Spec,
  compile(given) {
    const { tasks } = given as Static<typeof Spec>;
    const parents = parentsOf(
      tasks.map(({ key, after = [] }, i) => ({
        key,
        waitsFor: after.map((name, n) => ({ key: name, at: `/spec/tasks/${i}/after/${n}` })),
      })),
    );
    if (parents.refusal !== undefined) return parents;
    const order = parentsFirst(parents.value);
    const placeOf = new Map(order.map((original, place) => [original, place]));
    const plans = order.flatMap((original): TaskPlan[] => {
      const task = tasks[original];
      if (task === undefined) return [];
      const { key, type: kind, priority = 0, needs } = task;
      const after = (parents.value[original] ?? []).map((position) => placeOf.get(position) ?? 0);
      return [planCommands({ key, kind, commands: task.commands, priority, after }, needs)];
    });
    return { value: { name: tasks[0]?.key ?? 'commands', spec: JSON.stringify({ tasks }), tasks: plans } };
  },
};
