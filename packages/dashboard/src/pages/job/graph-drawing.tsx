import { Graph as DagreGraph, layout } from '@dagrejs/dagre';
import { useMemo } from 'react';
import { hrefOf } from '../../route.ts';
import { lookOf } from '../../words/states.ts';
import type { Graph } from './graph-model.ts';

const nodeHeight = 30;

interface Placed {
  readonly width: number;
  readonly height: number;
  readonly nodes: ReadonlyMap<string, { readonly x: number; readonly y: number; readonly width: number }>;
  readonly lines: readonly { readonly key: string; readonly path: string; readonly done: boolean }[];
}

/** Left to right: what comes first stands left. Loaded only when a job has a graph. */
export default function GraphDrawing({ job, graph }: { job: number; graph: Graph }) {
  // Places depend on the shape only, so that states may change without anything jumping.
  const shape = graph.nodes.map(({ id }) => id).join() + graph.edges.map(({ from, to }) => from + to).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` stands for what of the graph has a place.
  const placed = useMemo(() => place(graph), [shape]);
  return (
    <div className="graph">
      <svg width={placed.width} height={placed.height} role="img">
        <title>What waits for what</title>
        {placed.lines.map(({ key, path, done }) => (
          <path key={key} d={path} className={done ? 'edge done' : 'edge'} />
        ))}
        {graph.nodes.map(({ id, title, state, task, size }) => {
          const at = placed.nodes.get(id);
          if (at === undefined) return null;
          return (
            <a key={id} href={hrefOf('job', [job, task])} className={`node ${lookOf(state)}`}>
              <title>{`${title}: ${state}`}</title>
              <rect x={at.x - at.width / 2} y={at.y - nodeHeight / 2} width={at.width} height={nodeHeight} rx={6} />
              <text x={at.x} y={at.y + 4}>
                {titleText(title, size)}
              </text>
            </a>
          );
        })}
      </svg>
    </div>
  );
}

function titleText(title: string, size: number): string {
  const cut = title.length > 28 ? `${title.slice(0, 27)}…` : title;
  return size === 1 ? cut : `${cut} × ${size}`;
}

function place({ nodes, edges }: Graph): Placed {
  const graph = new DagreGraph();
  graph.setGraph({ rankdir: 'LR', nodesep: 12, ranksep: 42, marginx: 8, marginy: 8 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, title, size } of nodes) {
    graph.setNode(id, { width: titleText(title, size).length * 7.5 + 24, height: nodeHeight });
  }
  for (const { from, to } of edges) graph.setEdge(from, to);
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  const done = new Map(edges.map((edge) => [`${edge.from} ${edge.to}`, edge.done]));
  return {
    width,
    height,
    nodes: new Map(nodes.map(({ id }) => [id, graph.node(id) as { x: number; y: number; width: number }])),
    lines: graph.edges().map(({ v, w }) => {
      const { points } = graph.edge(v, w) as { points: readonly { x: number; y: number }[] };
      const path = points.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');
      return { key: `${v} ${w}`, path, done: done.get(`${v} ${w}`) ?? false };
    }),
  };
}
