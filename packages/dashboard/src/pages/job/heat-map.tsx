import type { TaskView } from '@switchyard/sdk/task.ts';
import { lookOf } from '../../words/states.ts';

/** One cell per index of an array: what failed and what is missing is seen at a glance. */
export function HeatMap({
  tasks,
  choose,
  chosen,
}: {
  tasks: readonly TaskView[];
  choose: (id: number) => void;
  chosen: number | null;
}) {
  return (
    <fieldset className="heat" aria-label="Array, one cell per index">
      {tasks.map(({ id, index, state, error }) => (
        <button
          key={id}
          type="button"
          className={`${lookOf(state)}${id === chosen ? ' chosen' : ''}`}
          aria-label={`index ${index}: ${state}`}
          title={`${index}: ${state}${error === null ? '' : `, ${error}`}`}
          onClick={() => choose(id)}
        />
      ))}
    </fieldset>
  );
}
