import { stat } from 'node:fs/promises';
import type { Client } from '@switchyard/sdk/client/client.ts';
import { ServerUnreachable } from '@switchyard/sdk/client/errors.ts';
import type { Settings } from '../../config/options.ts';
import { dataPaths } from '../data-dir.ts';
import { lastBackup } from './backups.ts';
import { database } from './database.ts';
import { diskSpace, flushTime, leftovers, permissions } from './disk.ts';
import { type Finding, fine, problem, warning } from './finding.ts';
import { type Clocks, clock, nodeVersion, openFiles, openFilesLimit, portFree, programs } from './machine.ts';
import { yard } from './yard.ts';

export interface Patient {
  readonly data: string;
  /** As the server would read them; null: they cannot be read, and these are the reasons. */
  readonly settings: Settings | readonly string[];
  readonly client: Client;
  readonly clocks: Clocks;
  readonly path: string;
}

/** Everything that can be looked at, in the order in which it is told. Never throws for what it finds. */
export async function examine({ data, settings, client, clocks, path }: Patient): Promise<Finding[]> {
  const findings: Finding[] = [nodeVersion(process.versions.node)];
  const add = async (check: string, look: () => Promise<Finding | readonly Finding[]>): Promise<void> => {
    try {
      findings.push(...[await look()].flat());
    } catch (error) {
      findings.push(
        problem(check, `could not be looked at: ${(error as Error).message}`, `Does ${data} exist, and may this user read it?`),
      );
    }
  };
  findings.push(...configuration(settings));
  if (!(await isFolder(data))) {
    const text = `there is no folder ${data}`;
    return [...findings, warning('data', text, 'Name it with --data or SWITCHYARD_DATA; the first start of a server makes it.')];
  }
  await add('disk space', () => diskSpace(data));
  await add('flush time', () => flushTime(data, clocks.monotonic));
  await add('permissions', () => permissions(data));
  const { findings: of, facts } = await database(dataPaths(data).database);
  findings.push(...of);
  await add('clock', () => clock(clocks, facts?.newestAt ?? null));
  await add('leftovers', () => leftovers(data));
  await add('backup', () => lastBackup(data, clocks.now()));
  await add('programs', () => programs(path));
  if ('port' in settings) findings.push(openFiles(openFilesLimit(), settings['limits.connections']));
  await add('server', () => serverOrPorts(client, settings, clocks.now()));
  return findings;
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (facts) => facts.isDirectory(),
    () => false,
  );

function configuration(settings: Patient['settings']): Finding[] {
  if ('port' in settings) return [fine('configuration', 'every option is understood')];
  return settings.map((text) => problem('configuration', text, 'Correct it: the server does not start like this.'));
}

async function serverOrPorts(client: Client, settings: Patient['settings'], now: number): Promise<Finding[]> {
  try {
    return await yard(client, now);
  } catch (error) {
    if (!(error instanceof ServerUnreachable)) throw error;
    const found: Finding[] = [
      warning('server', `none answers at ${client.server}`, 'Start it ("switchyard serve"), or name it with --server.'),
    ];
    if (!('port' in settings)) return found;
    for (const host of settings.host) found.push(await portFree(host, settings.port, 'shared port'));
    return found;
  }
}
