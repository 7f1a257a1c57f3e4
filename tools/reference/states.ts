import { jobStates } from '../../packages/server/src/domain/job.ts';
import { reasonTexts } from '../../packages/server/src/domain/reasons.ts';
import { taskMoves } from '../../packages/server/src/domain/task-machine.ts';
import { gateMoves } from '../../packages/server/src/domain/worker-gate.ts';
import { workerMoves } from '../../packages/server/src/domain/worker-machine.ts';
import { code, page, table } from './page.ts';

type Moves = Readonly<Record<string, Readonly<Partial<Record<string, readonly string[]>>>>>;

function rowsOf(moves: Moves): string[][] {
  return Object.entries(moves).flatMap(([from, row]) =>
    Object.entries(row).map(([event, nexts]) => [code(from), code(event), (nexts ?? []).map(code).join(', ')]),
  );
}

const listed = (moves: Readonly<Record<string, Readonly<Record<string, string>>>>): Moves =>
  Object.fromEntries(
    Object.entries(moves).map(([from, row]) => [
      from,
      Object.fromEntries(Object.entries(row).map(([event, next]) => [event, [next]])),
    ]),
  );

/** One arrow per pair of states, with its events; what stays in its state is left to the table. */
function diagramOf(moves: Moves): string {
  const arrows = new Map<string, string[]>();
  for (const [from, row] of Object.entries(moves)) {
    for (const [event, nexts] of Object.entries(row)) {
      for (const next of nexts ?? []) {
        if (next === from) continue;
        const arrow = `${from} --> ${next}`;
        arrows.set(arrow, [...(arrows.get(arrow) ?? []), event]);
      }
    }
  }
  const lines = [...arrows].map(([arrow, events]) => `  ${arrow}: ${events.join(', ')}`);
  return ['```mermaid', 'stateDiagram-v2', ...lines, '```'].join('\n');
}

const heads = ['in', 'event', 'leads to'];

export function statesPage(): string {
  return page(
    'States',
    'packages/server/src/domain/task-machine.ts, worker-machine.ts, worker-gate.ts, job.ts, reasons.ts',
    '## Task',
    diagramOf(taskMoves),
    table(heads, rowsOf(taskMoves)),
    'An event that a state does not name is refused. Where several states stand, budgets, parents and the intent of the job decide.',
    '## Why a task ended badly',
    table(
      ['reason', 'meaning'],
      Object.entries(reasonTexts).map(([reason, text]) => [code(reason), text]),
    ),
    '## Worker',
    diagramOf(workerMoves),
    table(heads, rowsOf(workerMoves)),
    '## Gate of a worker',
    'What it left may lie there still (a printer’s plate): closed, the scheduler places nothing on it. `open` is refused while it holds a task.',
    table(heads, rowsOf(listed(gateMoves))),
    '## Job',
    `One of ${jobStates.map(code).join(', ')}: always worked out from the counts of its tasks and from what somebody wants of the whole job.`,
  );
}
