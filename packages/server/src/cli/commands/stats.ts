import type { StatsView } from '@switchyard/sdk/system.ts';
import type { Command } from 'commander';
import { action, type Context } from '../kit/action.ts';
import { type ConnectionOptions, withConnection } from '../kit/connection.ts';
import { withExamples } from '../kit/help.ts';
import { type JsonOption, withJson } from '../kit/options.ts';
import { print, printJson } from '../kit/output.ts';
import { countsText } from '../kit/states.ts';
import { factsText, tableText } from '../kit/table.ts';
import { spanText } from '../kit/times.ts';

export function define(command: Command): void {
  withJson(withConnection(command)).action(action(stats));
  withExamples(command, [
    ['switchyard stats', 'tasks by state, workers, pools, doors'],
    ["switchyard stats --json | jq '.tasks.ready'", 'for programs'],
  ]);
}

async function stats({ client, server }: Context, options: ConnectionOptions & JsonOption): Promise<number> {
  const [view, doors] = await Promise.all([client.stats(), client.doors()]);
  if (options.json === true) {
    printJson({ ...view, doors });
    return 0;
  }
  print(
    factsText([
      ['server', `${server}, version ${view.version}, up for ${spanText(view.uptimeMs)}`],
      ['workers', `${view.workers.online} online of ${view.workers.total}, ${view.workers.busy} busy`],
      ['tasks', countsText(view.tasks)],
      ...view.pools.map((pool) => [`pool ${pool.name}`, `${pool.used} of ${pool.total} in use`] as const),
      ...doors.map((door) => [`door ${door.name}`, `${door.connections} connections; ${door.title}`] as const),
    ]),
  );
  const kinds = Object.entries(view.kinds);
  if (kinds.length > 0) print(`\n${kindsTable(kinds)}`);
  return 0;
}

function kindsTable(kinds: readonly [string, StatsView['kinds'][string]][]): string {
  return tableText(
    [
      { title: 'KIND', value: ([name]) => name },
      { title: 'RUNS', value: ([, kind]) => kind.finishedRuns, right: true },
      { title: 'MEAN', value: ([, kind]) => meanText(kind), right: true },
      { title: 'TASKS', value: ([, kind]) => countsText(kind.counts) },
    ],
    kinds,
  );
}

function meanText(kind: StatsView['kinds'][string]): string {
  if (kind.finishedRuns === 0) return '-';
  // Whole seconds are kept.
  const ms = (kind.finishedSeconds / kind.finishedRuns) * 1_000;
  return ms < 1_000 ? '<1s' : spanText(ms);
}
