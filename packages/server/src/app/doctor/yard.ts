import type { Client } from '@switchyard/sdk/client/client.ts';
import { ApiError } from '@switchyard/sdk/client/errors.ts';
import type { StatsView } from '@switchyard/sdk/system.ts';
import type { WorkerView } from '@switchyard/sdk/worker.ts';
import { version } from '../version.ts';
import { type Finding, fine, problem, warning } from './finding.ts';

/** What can only be asked of the running server. */
export async function yard(client: Client, now: number): Promise<Finding[]> {
  const findings: Finding[] = [];
  try {
    await client.ready();
    findings.push(fine('server', `ready at ${client.server}`));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    findings.push(problem('server', `it takes no work: ${error.problem.detail}`, 'Look at its log.'));
  }
  const [stats, workers, doors] = await Promise.all([client.stats(), client.workers.list(), client.doors()]);
  if (stats.version !== version) {
    findings.push(warning('server', `it runs ${stats.version}, this command is ${version}`, 'Restart it after an upgrade.'));
  }
  findings.push(fine('doors', doors.map(({ name, connections }) => `${name}: ${connections}`).join(', ')));
  findings.push(
    ...fleet(workers, stats.version, now),
    ...waiting(stats, workers),
    ...(await forEver(client)),
    ...(await stuck(client, now)),
  );
  return findings;
}

function fleet(workers: readonly WorkerView[], serverVersion: string, now: number): Finding[] {
  const online = workers.filter(({ status }) => status === 'online');
  const names = (some: readonly WorkerView[]): string =>
    some
      .slice(0, 5)
      .map(({ name }) => name)
      .join(', ') + (some.length > 5 ? ', …' : '');
  const findings: Finding[] = [];
  const lost = workers.filter(({ status, holding }) => status === 'lost' && holding > 0);
  if (lost.length > 0) {
    const longest = Math.max(...lost.map(({ seenAt }) => now - Date.parse(seenAt)));
    const todo = 'Look at these machines; "switchyard workers forget ID --force" gives their tasks to others at once.';
    findings.push(
      warning(
        'workers',
        `${lost.length} lost with tasks in their hands, for up to ${Math.round(longest / 1_000)} s: ${names(lost)}`,
        todo,
      ),
    );
  }
  const pending = workers.filter(({ status }) => status === 'pending');
  if (pending.length > 0) {
    findings.push(
      warning('workers', `${pending.length} wait to be approved: ${names(pending)}`, 'switchyard workers approve ID'),
    );
  }
  const other = online.filter(({ info }) => typeof info.version === 'string' && info.version !== serverVersion);
  if (other.length > 0) {
    const what = other.slice(0, 5).map(({ name, info }) => `${name} ${String(info.version)}`);
    findings.push(
      warning(
        'workers',
        `not of the server's version ${serverVersion}: ${what.join(', ')}`,
        'Update them: they fetch /worker.mjs anew when started by the unit in deploy/.',
      ),
    );
  }
  if (findings.length === 0) findings.push(fine('workers', `${online.length} of ${workers.length} online`));
  return findings;
}

/** Ready work of a kind that nobody who is there takes. */
function waiting(stats: StatsView, workers: readonly WorkerView[]): Finding[] {
  const online = workers.filter(({ status }) => status === 'online');
  const orphans = Object.entries(stats.kinds).filter(
    ([kind, { counts }]) => counts.ready > 0 && !online.some(({ kinds }) => kinds.includes(kind)),
  );
  if (orphans.length === 0) return [fine('waiting tasks', `${stats.tasks.ready} ready, each of a kind that some worker takes`)];
  return orphans.map(([kind, { counts }]) =>
    warning(
      'waiting tasks',
      `${counts.ready} of kind ${kind} are ready, and no worker that is online takes it`,
      'Start one ("switchyard worker --help"), or cancel them.',
    ),
  );
}

/** Reasons that do not pass by themselves: no worker that there is will ever take it. */
const lasting: ReadonlySet<string> = new Set(['nobody', 'kind', 'pin', 'tags', 'size', 'blocked', 'excluded']);
const mostAsked = 20;

/** The jobs that have waited longest, by what the server itself says of them. */
async function forEver(client: Client): Promise<Finding[]> {
  const { jobs } = await client.jobs.list({ state: ['waiting', 'active'], limit: 500 });
  const oldest = jobs.filter(({ counts }) => counts.ready > 0 && counts.running === 0).slice(-mostAsked);
  const findings: Finding[] = [];
  for (const { id, name } of oldest) {
    const { causes, free } = await client.jobs.why(id);
    if (free > 0 || causes.length === 0 || !causes.every(({ code, until }) => until === null && lasting.has(code))) continue;
    const why = causes.map(({ text }) => text).join('; ');
    findings.push(
      warning(
        'waiting jobs',
        `job ${id} (${name}) waits for ever: ${why}`,
        `Start a worker that fits, or "switchyard cancel ${id}".`,
      ),
    );
  }
  return findings.length === 0 ? [fine('waiting jobs', 'none that waits for ever')] : findings;
}

const stoppingMs = 180_000;
const dayMs = 86_400_000;

async function stuck(client: Client, now: number): Promise<Finding[]> {
  const findings: Finding[] = [];
  const { tasks: stopping } = await client.tasks.list({ state: ['stopping'], limit: 100 });
  const old = stopping.filter(({ startedAt }) => startedAt !== null && now - Date.parse(startedAt) > stoppingMs);
  if (old.length > 0 && stopping.length > 0) {
    const ids = old.slice(0, 5).map(({ id }) => `t${id}`);
    findings.push(
      warning(
        'stuck tasks',
        `${ids.join(', ')} should have stopped`,
        'Look at their workers; a forced end comes after a minute without their word.',
      ),
    );
  }
  const { tasks: running } = await client.tasks.list({ state: ['running'], limit: 500 });
  const long = running.filter(
    ({ startedAt, progress }) => progress === null && startedAt !== null && now - Date.parse(startedAt) > dayMs,
  );
  if (long.length > 0) {
    const ids = long.slice(0, 5).map(({ id, worker }) => `t${id} on ${worker?.name ?? '?'}`);
    findings.push(
      warning(
        'stuck tasks',
        `running for more than a day without any progress told: ${ids.join(', ')}`,
        'Look at their output ("switchyard logs -f"); set --timeout for such jobs.',
      ),
    );
  }
  return findings.length === 0 ? [fine('stuck tasks', 'none')] : findings;
}
