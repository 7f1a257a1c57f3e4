import type { JobState, JobView } from '@switchyard/sdk/job.ts';
import type { Command } from 'commander';
import { action, type Context } from '../kit/action.ts';
import { type ConnectionOptions, withConnection } from '../kit/connection.ts';
import { withExamples } from '../kit/help.ts';
import { whole } from '../kit/numbers.ts';
import { collect, type JsonOption, withJson } from '../kit/options.ts';
import { isTerminal, paint, print, printJson } from '../kit/output.ts';
import { endedOf, stateStyle } from '../kit/states.ts';
import { type Column, tableText } from '../kit/table.ts';
import { ranText, whenText } from '../kit/times.ts';

interface Options extends ConnectionOptions, JsonOption {
  readonly state?: readonly JobState[];
  readonly kind?: readonly string[];
  readonly owner?: string;
  readonly label?: string;
  readonly name?: string;
  readonly limit: number;
  readonly all?: boolean;
}

export function define(command: Command): void {
  withJson(withConnection(command))
    .optionsGroup('Options:')
    .option('--state <state>', 'waiting, held, active, canceling, succeeded, failed, canceled; may be repeated', collect)
    .option('--kind <kind>', 'such as shell or graph', collect)
    .option('--owner <owner>', 'of this owner, such as token:3')
    .option('--label <name=value>', 'with this label')
    .option('--name <text>', 'with this in the name')
    .option('--limit <n>', 'at most so many', whole(1, 1_000_000), 50)
    .option('--all', 'all there are')
    .action(action(jobs));
  withExamples(command, [
    ['switchyard jobs', 'the latest, newest first'],
    ['switchyard jobs --state active,waiting', 'what is still to come'],
    ["switchyard jobs --json --all | jq '.jobs[].id'", 'for programs'],
  ]);
}

async function jobs({ client }: Context, options: Options): Promise<number> {
  const { state, kind, owner, name } = options;
  const label = options.label?.replace('=', ':');
  const most = options.all === true ? Number.POSITIVE_INFINITY : options.limit;
  const found: JobView[] = [];
  let cursor: string | undefined;
  do {
    const limit = Math.min(1_000, most - found.length);
    const page = await client.jobs.list({ state, kind, owner, label, name, limit, cursor });
    found.push(...page.jobs);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined && found.length < most);
  if (options.json === true) printJson({ jobs: found, next: cursor ?? null });
  else show(found, cursor !== undefined);
  return 0;
}

function show(found: readonly JobView[], more: boolean): void {
  print(found.length === 0 ? 'No jobs. Hand one in: switchyard run -- echo hi' : tableText(columns(Date.now()), found));
  if (more && isTerminal()) print(paint('dim', `… and older ones: --limit ${found.length * 2}, or --all`));
}

/** `40/100, 2 failed`: ended of all. */
function tasksOf({ counts, total }: JobView): string {
  return counts.failed > 0 && total > 1 ? `${endedOf(counts)}/${total}, ${counts.failed} failed` : `${endedOf(counts)}/${total}`;
}

const columns = (now: number): readonly Column<JobView>[] => [
  { title: 'ID', value: (job) => job.id, right: true },
  { title: 'STATE', value: (job) => job.state, style: (job) => stateStyle(job.state) },
  { title: 'KIND', value: (job) => job.kind },
  { title: 'PRIO', value: (job) => job.priority, right: true },
  { title: 'SUBMITTED', value: (job) => whenText(job.createdAt, now) },
  { title: 'RAN', value: (job) => ranText(job.startedAt, job.endedAt, now), right: true },
  { title: 'TASKS', value: tasksOf, right: true },
  { title: 'NAME', value: (job) => job.name },
];
