import type { EdgeView } from '@switchyard/sdk/job-detail.ts';
import type { TaskView } from '@switchyard/sdk/task.ts';

/** A task, or all tasks of an array as one. */
export interface GraphNode {
  readonly id: string;
  readonly title: string;
  readonly state: string;
  /** Task to show when it is chosen. */
  readonly task: number;
  readonly size: number;
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly { readonly from: string; readonly to: string; readonly done: boolean }[];
}

const worst = ['failed', 'stopping', 'running', 'suspended', 'offered', 'ready', 'waiting', 'canceled', 'succeeded'];

/** What is drawn of a job. Edges from other jobs are left out; null: nothing depends on anything. */
export function graphOf(tasks: readonly TaskView[], edges: readonly EdgeView[]): Graph | null {
  const nodes = new Map<string, GraphNode>();
  for (const task of tasks) {
    const id = task.array === null ? nodeId('task', task.id) : nodeId('array', task.array);
    const known = nodes.get(id);
    nodes.set(id, known === undefined ? first(id, task) : joined(known, task));
  }
  const drawn = edges
    .map(({ parentKind, parent, childKind, child, done }) => ({
      from: nodeId(parentKind, parent),
      to: nodeId(childKind, child),
      done,
    }))
    .filter(({ from, to }) => nodes.has(from) && nodes.has(to));
  return drawn.length === 0 ? null : { nodes: [...nodes.values()], edges: drawn };
}

const nodeId = (kind: string, id: number): string => `${kind}${id}`;

const first = (id: string, { id: task, key, state }: TaskView): GraphNode => ({
  id,
  title: key ?? String(task),
  state,
  task,
  size: 1,
});

/** The state that asks most for attention speaks for an array. */
function joined(node: GraphNode, { id, state }: TaskView): GraphNode {
  const worse = worst.indexOf(state) < worst.indexOf(node.state);
  return { ...node, size: node.size + 1, ...(worse ? { state, task: id } : {}) };
}
