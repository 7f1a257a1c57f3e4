import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChangeView } from '@switchyard/sdk/change.ts';
import { type Client, createClient } from '@switchyard/sdk/client/client.ts';
import { ApiError, ServerUnreachable } from '@switchyard/sdk/client/errors.ts';
import type { JobRequest, JobView } from '@switchyard/sdk/job.ts';
import type { AttemptView } from '@switchyard/sdk/task.ts';
import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '../lib/seeded-random.ts';
import { Yard } from './lib/yard.ts';

/**
 * The promise of the whole product, with real processes: whatever was acknowledged ends, ids are never used again, and each
 * effect that happened twice has a loss on record. `SWITCHYARD_TEST_FAULTS=full` runs it in the size of the issue.
 */
const full = process.env['SWITCHYARD_TEST_FAULTS'] === 'full';
const size = full ? { submissions: 1_000, array: 10_000, kills: 20 } : { submissions: 30, array: 120, kills: 3 };
const seed = Number(process.env['SWITCHYARD_TEST_SEED'] ?? 20_261_121);

describe('kill -9 of the server in full flight', () => {
  it(
    `${size.submissions} submissions, an array of ${size.array} and a graph under ${size.kills} kills (seed ${seed})`,
    async () => {
      const yard = await Yard.forTest();
      await yard.start();
      const effects = join(yard.dir.path, 'effects');
      await mkdir(effects);
      const client = createClient({ server: yard.ready.url, token: await yard.adminToken() });
      const acknowledged = new Map<number, JobView>();
      const take = (job: JobView): void => {
        expect(acknowledged.has(job.id), `job ${job.id} was given out twice`).toBe(false);
        acknowledged.set(job.id, job);
      };

      const done = submitAll(yard, client, effects, take).then(() => allEnd(yard, client, [...acknowledged.keys()]));
      // Both to their end, so that nothing is started while the yard is being cleared away.
      for (const end of await Promise.allSettled([done, killOften(yard, done)])) if (end.status === 'rejected') throw end.reason;

      const total = size.submissions + size.array + graphTasks;
      const ids = taskIds([...acknowledged.values()]);
      expect(new Set(ids).size, 'a task id was given out twice').toBe(ids.length);
      expect(ids.length).toBe(total);
      const twice = await checkEffects(client, effects, ids);
      console.log(`${twice} of ${total} tasks ran more than once, each with its losses on record`);
    },
    full ? 900_000 : 120_000,
  );
});

/** One line in a file of its own for each attempt that really ran; then a moment in which it can be lost. */
function effect(folder: string): string[] {
  return ['sh', '-c', 'echo ran >> "$0/$SWITCHYARD_TASK.$SWITCHYARD_ATTEMPT"; sleep 0.02', folder];
}

const graphTasks = 7;

function graphRequest(folder: string): JobRequest {
  const argv = effect(folder);
  const task = (key: string, after: readonly string[]) => ({ key, argv, after: [...after] });
  return {
    kind: 'graph',
    spec: {
      tasks: [
        task('a', []),
        task('b', ['a']),
        task('c', ['a']),
        { ...task('d', ['b', 'c']), array: { from: 1, to: 3 } },
        task('e', ['d']),
      ],
    },
  };
}

async function submitAll(yard: Yard, client: Client, folder: string, take: (job: JobView) => void): Promise<void> {
  const spec = { argv: effect(folder) };
  const submit = async (request: JobRequest, key: string): Promise<void> => {
    // Under its key a submission may be repeated until it is acknowledged.
    take((await insist(yard, () => client.jobs.submit(request, { key }))).job);
  };
  await submit({ spec: { ...spec, array: { from: 1, to: size.array } } }, 'array');
  await submit(graphRequest(folder), 'graph');
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < size.submissions) await submit({ spec }, `single-${next++}`);
  };
  await Promise.all(Array.from({ length: 8 }, caller));
}

/** As often as the server is killed under it. */
async function insist<T>(yard: Yard, ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isAway(error)) throw error;
      await yard.up();
    }
  }
}

/** Killed, or on its way down or up. */
function isAway(error: unknown): boolean {
  return error instanceof ServerUnreachable || (error instanceof ApiError && (error.status === 503 || error.code === 'storage'));
}

/**
 * Kills after as many changes as the seed says, so that it hits anywhere: every other time any changes count (submissions,
 * offers, a worker on its way back), else tasks that ended. Once all is done it kills an idle server.
 */
async function killOften(yard: Yard, done: Promise<void>): Promise<void> {
  const random = createSeededRandom(seed);
  const share = Math.floor((size.array + size.submissions) / size.kills);
  for (let left = size.kills; left > 0; left--) {
    const enough = new AbortController();
    const some = left % 2 === 0 ? changes(1 + random.below(120)) : ends(1 + random.below(share));
    await Promise.race([come(await yard.client(), some, enough), done]);
    enough.abort();
    await yard.kill();
    // The worker survives its server; now and then it is killed too, so that there are losses.
    if (left % 3 === 2) await yard.killLocalWorker();
    await yard.start();
  }
}

type Enough = (change: ChangeView) => boolean;

const changes = (count: number): Enough => {
  let left = count;
  return () => --left <= 0;
};

const ends = (count: number): Enough => {
  let left = count;
  return ({ data }) => data['state'] === 'succeeded' && --left <= 0;
};

async function come(client: Client, enough: Enough, stop: AbortController): Promise<void> {
  for await (const event of client.changes({ signal: stop.signal })) {
    if (event.type === 'change' && enough(event.change)) stop.abort();
  }
}

async function allEnd(yard: Yard, client: Client, ids: readonly number[]): Promise<void> {
  for (const id of ids) {
    const job = await insist(yard, () => client.jobs.wait(id));
    expect([id, job.state]).toEqual([id, 'succeeded']);
  }
}

function taskIds(jobs: readonly JobView[]): number[] {
  return jobs.flatMap((job) => Array.from({ length: job.total }, (_, i) => job.firstTask + i));
}

async function checkEffects(client: Client, folder: string, ids: readonly number[]): Promise<number> {
  let twice = 0;
  const ran = new Map<number, number[]>();
  for (const name of await readdir(folder)) {
    const [task, attempt] = name.split('.').map(Number) as [number, number];
    expect(await readFile(join(folder, name), 'utf8'), `attempt ${name} ran more than once`).toBe('ran\n');
    ran.set(task, [...(ran.get(task) ?? []), attempt]);
  }
  for (const id of ids) {
    const attempts = ran.get(id) ?? [];
    expect(attempts.length, `task ${id} never ran`).toBeGreaterThan(0);
    if (attempts.length === 1) continue;
    twice++;
    const { attempts: known } = await client.tasks.show(id);
    expect(unexplained(attempts, known), `task ${id} ran ${attempts.length} times`).toEqual([]);
  }
  return twice;
}

/** Every run but one must be on record as lost or handed back. */
function unexplained(ran: readonly number[], known: readonly AttemptView[]): number[] {
  const outcomes = new Map(known.map((attempt) => [attempt.number, attempt.outcome]));
  const bad = ran.filter((number) => !['lost', 'given-back'].includes(outcomes.get(number) ?? ''));
  return bad.length === 1 && outcomes.get(bad[0] ?? 0) === 'succeeded' ? [] : bad;
}
