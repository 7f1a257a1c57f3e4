import type { Command } from 'commander';
import { dataDirOf } from '../../config/data-dir.ts';
import { exitCodes } from '../kit/exit-codes.ts';
import { withExamples } from '../kit/help.ts';
import { localAction, withData } from '../kit/local-action.ts';
import { type JsonOption, withJson } from '../kit/options.ts';
import { clean, print, printJson, say } from '../kit/output.ts';
import { bytesText } from '../kit/times.ts';

interface Options extends JsonOption {
  readonly data?: string;
  readonly force?: boolean;
}

export function define(command: Command): void {
  withJson(withData(command))
    .argument('<dir>', 'folder of the backups')
    .argument('[name]', 'which one, as "switchyard backup DIR --list" shows it; default: the newest')
    .option('--force', 'DATA need not be empty: what is there is moved to DATA/before-restore-…')
    .action(localAction(restore));
  withExamples(
    command,
    [
      ['switchyard restore /mnt/backup/yard --data /srv/yard', 'the newest one, into an empty or new folder'],
      ['switchyard restore /mnt/backup/yard 2026-11-21T03-00-00.000Z --force', 'an older one, over what is there'],
    ],
    `The server must not run. The whole backup is read and compared with its checksums before anything is changed.`,
  );
}

async function restore(options: Options, dir: string, name: string | undefined): Promise<number> {
  const { restoreBackup } = await import('../../app/backup/restore-backup.ts');
  const quiet = options.json === true || process.stderr.isTTY !== true;
  const done = await restoreBackup({
    from: dir,
    name: name ?? null,
    data: dataDirOf(options.data, process.env),
    force: options.force === true,
    now: Date.now,
    say: (text) => (quiet ? undefined : say(`${text} …`)),
  });
  if (options.json === true) printJson(done);
  else {
    print(`${done.name} is in ${clean(done.data)}: ${done.files} files, ${bytesText(done.bytes)}, as of ${done.made}`);
    if (done.aside !== null) print(`What was there is in ${clean(done.aside)}; remove it when all is well.`);
    print(`Start the server:  switchyard serve --data ${clean(done.data)}`);
  }
  return exitCodes.done.code;
}
