import type { Command } from 'commander';
import { action, type Context } from '../kit/action.ts';
import { type ConnectionOptions, withConnection } from '../kit/connection.ts';
import { withExamples } from '../kit/help.ts';
import { whole } from '../kit/numbers.ts';
import { type JsonOption, withJson } from '../kit/options.ts';
import { print, printJson } from '../kit/output.ts';
import { tableText } from '../kit/table.ts';

type Options = ConnectionOptions & JsonOption;

export function define(command: Command): void {
  const list = command.command('list', { isDefault: true }).summary('all pools').description('All pools.');
  withJson(withConnection(list)).action(action(listAll));
  const set = command.command('set').summary('make a pool or change its size').description('Makes a pool or changes its size.');
  withJson(withConnection(set))
    .argument('<name>', 'such as matlab')
    .argument('<total>', 'how many there are', whole(0))
    .action(action(setOne));
  const remove = command.command('remove').summary('remove a pool').description('Removes a pool.');
  withConnection(remove).argument('<name>', 'of a pool').action(action(removeOne));
  withExamples(command, [
    ['switchyard pools', 'what there is and what is in use'],
    ['switchyard pools set matlab 4', 'four licences for the whole yard'],
    ['switchyard run --pool matlab=1 -- ./fit', 'waits until one is free'],
  ]);
}

async function listAll({ client }: Context, options: Options): Promise<number> {
  const pools = await client.pools.list();
  if (options.json === true) printJson({ pools });
  else if (pools.length === 0) print('No pools. Make one: switchyard pools set NAME TOTAL');
  else {
    const columns = [
      { title: 'IN USE', value: (pool: (typeof pools)[number]) => pool.used, right: true },
      { title: 'TOTAL', value: (pool: (typeof pools)[number]) => pool.total, right: true },
      { title: 'NAME', value: (pool: (typeof pools)[number]) => pool.name },
    ];
    print(tableText(columns, pools));
  }
  return 0;
}

async function setOne({ client }: Context, options: Options, name: string, total: number): Promise<number> {
  const pool = await client.pools.set(name, total);
  if (options.json === true) printJson(pool);
  else print(`pool ${pool.name}: ${pool.used} of ${pool.total} in use`);
  return 0;
}

async function removeOne({ client }: Context, _: Options, name: string): Promise<number> {
  await client.pools.remove(name);
  print(`pool ${name} is removed`);
  return 0;
}
