import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { BackupMade } from '../../app/backup/take-backup.ts';
import type { Verified } from '../../app/backup/verify-backup.ts';
import { dataDirOf } from '../../config/data-dir.ts';
import { usage } from '../kit/cli-error.ts';
import { exitCodes } from '../kit/exit-codes.ts';
import { withExamples } from '../kit/help.ts';
import { localAction, withData } from '../kit/local-action.ts';
import { whole } from '../kit/numbers.ts';
import { type JsonOption, withJson } from '../kit/options.ts';
import { clean, print, printJson, say } from '../kit/output.ts';

import { tableText } from '../kit/table.ts';
import { bytesText } from '../kit/times.ts';

interface Options extends JsonOption {
  readonly data?: string;
  readonly keep?: number;
  readonly verify?: boolean | string;
  readonly list?: boolean;
}

export function define(command: Command): void {
  withJson(withData(command))
    .argument('<dir>', 'folder of the backups; what two of them have in common is stored once')
    .option('--keep <n>', 'then remove all but the newest n', whole(1, 100_000))
    .option('--verify [name]', 'make none: read every byte of the newest one, or of the one named')
    .option('--list', 'make none: list those that are there')
    .action(localAction(backup));
  withExamples(
    command,
    [
      ['switchyard backup /mnt/backup/yard --keep 14', 'while the server runs, or not'],
      ['switchyard backup /mnt/backup/yard --verify', 'is the newest one as it was made?'],
      ['switchyard restore /mnt/backup/yard --data /srv/yard', 'the way back'],
    ],
    `Run it on the server's machine, as its user. A backup holds everything that was acknowledged before it began: database, input
files, artifacts, logs, configuration, and the secrets with the key that opens them. Keep it as safe as the server itself.`,
  );
}

async function backup(options: Options, dir: string): Promise<number> {
  if (options.list === true) return list(options, dir);
  if (options.verify !== undefined && options.verify !== false) return verify(options, dir);
  const { takeBackup } = await import('../../app/backup/take-backup.ts');
  const quiet = options.json === true || process.stderr.isTTY !== true;
  const made = await takeBackup({
    data: dataDirOf(options.data, process.env),
    to: dir,
    keep: options.keep ?? null,
    now: Date.now,
    say: (text) => (quiet ? undefined : say(`${text} …`)),
  });
  if (options.json === true) printJson(made);
  else print(madeText(made, resolve(dir)));
  return exitCodes.done.code;
}

function madeText(made: BackupMade, dir: string): string {
  const lines = [
    `${made.name}: ${made.files} files, ${bytesText(made.bytes)}; new in ${clean(dir)}: ${made.newFiles} files, ${bytesText(made.newBytes)}`,
    ...made.warnings.map((text) => `warning: ${clean(text)}`),
  ];
  if (made.removed.length > 0) lines.push(`removed ${made.removed.length} older: ${made.removed.join(', ')}`);
  return lines.join('\n');
}

async function verify(options: Options, dir: string): Promise<number> {
  const { verifyBackup } = await import('../../app/backup/verify-backup.ts');
  const name = typeof options.verify === 'string' ? options.verify : null;
  const found = await verifyBackup(dir, name);
  if (options.json === true) printJson(found);
  else print(verifiedText(found));
  return found.faults.length === 0 ? exitCodes.done.code : exitCodes.failed.code;
}

function verifiedText({ name, files, bytes, faults }: Verified): string {
  if (faults.length === 0) return `${name} is sound: ${files} files, ${bytesText(bytes)}`;
  return [`${name} is DAMAGED:`, ...faults.map((text) => `  ${clean(text)}`), 'Make a new one now, and look at the disk.'].join(
    '\n',
  );
}

async function list(options: Options, dir: string): Promise<number> {
  if (options.verify !== undefined || options.keep !== undefined) throw usage('--list goes with no other of these flags');
  const { listBackups } = await import('../../app/backup/list-backups.ts');
  const rows = await listBackups(dir);
  if (options.json === true) printJson({ backups: rows });
  else if (rows.length === 0) print('none');
  else {
    const columns = [
      { title: 'NAME', value: (row: (typeof rows)[number]) => row.name },
      { title: 'FILES', value: (row: (typeof rows)[number]) => row.files ?? '', right: true },
      {
        title: 'SIZE',
        value: (row: (typeof rows)[number]) => (row.bytes === null ? 'its list is damaged' : bytesText(row.bytes)),
      },
    ];
    print(tableText(columns, rows));
  }
  return exitCodes.done.code;
}
