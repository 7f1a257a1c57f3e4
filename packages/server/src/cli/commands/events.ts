import type { ChangeView } from '@switchyard/sdk/change.ts';
import type { Command } from 'commander';
import { action, type Context } from '../kit/action.ts';
import { type ConnectionOptions, withConnection } from '../kit/connection.ts';
import { withExamples } from '../kit/help.ts';
import { onInterrupt } from '../kit/interrupt.ts';
import { whole } from '../kit/numbers.ts';
import { collect, type JsonOption, withJson } from '../kit/options.ts';
import { clean, paint, print, say } from '../kit/output.ts';
import { stateStyle } from '../kit/states.ts';
import { whenText } from '../kit/times.ts';

interface Options extends ConnectionOptions, JsonOption {
  readonly since?: number;
  readonly job?: number;
  readonly task?: number;
  readonly kind?: readonly string[];
  readonly count?: number;
}

export function define(command: Command): void {
  withJson(withConnection(command), 'one JSON object for each line')
    .optionsGroup('Options:')
    .option('--since <n>', 'everything after this number first; 0: all that is kept', whole(0))
    .option('--job <id>', 'of this job', whole(1))
    .option('--task <id>', 'of this task', whole(1))
    .option('--kind <kind>', 'such as job.created or task.changed; may be repeated', collect)
    .option('--count <n>', 'end after so many', whole(1))
    .action(action(events));
  withExamples(command, [
    ['switchyard events', 'what happens, until Ctrl-C'],
    ['switchyard events --job 12 --since 0', 'the life of job 12'],
    ['switchyard events --json --kind job.changed | while read -r e; do …', 'for programs'],
  ]);
}

async function events({ client }: Context, options: Options): Promise<number> {
  const stop = new AbortController();
  const forget = onInterrupt(() => stop.abort());
  const { since, job, task, kind: kinds } = options;
  const onLost = (): void => say('switchyard: the connection is lost; waiting for the server');
  let left = options.count ?? Number.POSITIVE_INFINITY;
  try {
    for await (const event of client.changes({ since, job, task, kinds, signal: stop.signal, onLost })) {
      if (event.type === 'reset') say(`switchyard: older events are no longer kept; going on from ${event.newest}`);
      else if (event.type === 'change') {
        print(options.json === true ? JSON.stringify(event.change) : lineOf(event.change));
        if (--left <= 0) break;
      }
    }
    return 0;
  } finally {
    forget();
  }
}

function lineOf(change: ChangeView): string {
  const whom = [
    change.job === null ? '' : `job ${change.job}`,
    change.task === null ? '' : `t${change.task}`,
    change.worker === null ? '' : `worker ${change.worker}`,
  ].filter((part) => part !== '');
  const facts = Object.entries(change.data)
    .filter(([, value]) => value !== null && value !== '' && typeof value !== 'object')
    .map(([name, value]) => `${name}=${clean(String(value))}`);
  const state = String(change.data.state ?? '');
  const style = stateStyle(state);
  const kind = change.kind.padEnd(14);
  return `${paint('dim', `${change.number}  ${whenText(change.at, Date.now())}`)}  ${style === null ? kind : paint(style, kind)}  ${whom.join(' ').padEnd(16)}  ${facts.join(' ')}`;
}
