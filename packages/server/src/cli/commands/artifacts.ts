import type { Command } from 'commander';
import { action, type Context } from '../kit/action.ts';
import { type ConnectionOptions, withConnection } from '../kit/connection.ts';
import { fetchInto } from '../kit/fetch-artifact.ts';
import { withExamples } from '../kit/help.ts';
import { type JsonOption, withJson } from '../kit/options.ts';
import { print, printJson, writeBytes } from '../kit/output.ts';
import { tableText } from '../kit/table.ts';
import { parseTarget, targetHelp, taskIdOf } from '../kit/target.ts';
import { artifactColumns } from './job.ts';

interface Options extends ConnectionOptions, JsonOption {
  readonly get?: string;
  readonly into?: string;
}

export function define(command: Command): void {
  withJson(withConnection(command))
    .optionsGroup('Options:')
    .argument('<id>', targetHelp)
    .option('--get <file>', 'write this one to standard output')
    .option('--into <dir>', 'fetch all of them into this folder')
    .action(action(artifacts));
  withExamples(command, [
    ['switchyard artifacts 12', 'what it left'],
    ['switchyard artifacts 12 --get image.png > image.png', 'one file'],
    ['switchyard artifacts 12.7 --into results', 'all files of index 7'],
  ]);
}

async function artifacts({ client }: Context, options: Options, word: string): Promise<number> {
  const task = await taskIdOf(client, parseTarget(word));
  if (options.get !== undefined) {
    for await (const bytes of await client.tasks.artifact(task, options.get)) await writeBytes(process.stdout, bytes);
    return 0;
  }
  const list = await client.tasks.artifacts(task);
  if (options.into !== undefined) for (const artifact of list) await fetchInto(client, task, artifact, options.into);
  if (options.json === true) printJson({ artifacts: list });
  else
    print(
      list.length === 0
        ? `Task t${task} left no files. Name them at submission: --output '*.png'`
        : tableText(artifactColumns, list),
    );
  return 0;
}
