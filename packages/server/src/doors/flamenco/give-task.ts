import type { Assignment } from '../../engine/commands.ts';
import type { Answer } from '../kit/http-row.ts';
import type { Desk } from './desk.ts';
import type { KnownWorker } from './known-worker.ts';
import { stepsOf } from './progress.ts';
import * as session from './session.ts';
import { giveBack } from './take-update.ts';
import { requestedOf, taskDoc } from './translate.ts';

const nothing: Answer = { status: 204 };
/** What a worker stays although it asks for tasks. */
const kept = ['testing', 'draining'] as const;
/** Asked again in 10 s. */
const unavailable: Answer = { status: 503, body: { error: 'The server cannot say now; ask again' } };

/** `/task`: whoever asks is awake and runs nothing (flamenco §2.2, §5.1). */
export async function giveTask(desk: Desk, worker: KnownWorker): Promise<Answer> {
  if (worker.kinds.length === 0) return { status: 406, body: { error: 'This worker supports no task types' } };
  if (!(await session.ensure(desk, worker, kept.find((mode) => mode === worker.mode) ?? null))) return unavailable;
  worker.handle?.alive();
  await endStopped(desk, worker);
  const requested = requestedOf(worker.wanted);
  if (requested === 'asleep' || requested === 'shutdown') return { status: 423, body: { status_requested: requested } };
  if (worker.status === 'pending' || (await isDraining(desk, worker))) return nothing;
  if (!(await isAwake(desk, worker))) return unavailable;
  if (waits(desk, worker)) return nothing;
  return claim(desk, worker, true);
}

/** It was told to stop them and asks for something else: it has (flamenco §8 B7). */
async function endStopped(desk: Desk, worker: KnownWorker): Promise<void> {
  const stopped = [...worker.holdings.values()].filter(({ state }) => state === 'stopping');
  for (const holding of stopped) await giveBack(desk, holding, 'the worker stopped it');
}

/** Flamenco has no word for it: it gets nothing, and once it holds nothing it is drained. */
async function isDraining(desk: Desk, worker: KnownWorker): Promise<boolean> {
  const { mode, wanted, holdings } = worker;
  if (wanted?.mode === 'draining' && holdings.size === 0) await session.became(desk, worker, 'draining');
  return wanted?.mode === 'draining' || (mode === 'draining' && wanted?.mode !== 'awake');
}

async function isAwake(desk: Desk, worker: KnownWorker): Promise<boolean> {
  const { mode, status, wanted } = worker;
  const known = status === 'online' && wanted === null && (mode === 'awake' || mode === 'testing');
  return known || session.became(desk, worker, mode === 'testing' ? mode : 'awake');
}

/**
 * It asks although it has a task. If it has said something about that task, the row that tells how it ended is probably still in
 * its queue; after a sign-on, too, rows may be on their way. Else the answer that gave it the task got lost (flamenco §8 B8).
 */
function waits({ clock, limits }: Desk, worker: KnownWorker): boolean {
  const [holding] = worker.holdings.values();
  const { fresh } = worker;
  worker.fresh = false;
  if (holding === undefined) return false;
  const now = clock.monotonic();
  holding.waitingSince ??= now;
  return fresh || (holding.heard && now - holding.waitingSince < limits.rerunMs);
}

async function claim(desk: Desk, worker: KnownWorker, again: boolean): Promise<Answer> {
  const { id, session: number, principal } = worker;
  const before = new Set(worker.holdings.keys());
  const given = await desk.engine.command(principal, 'claim', {
    worker: id,
    session: number,
    max: 1,
    mode: 'run',
    deadline: null,
    kinds: null,
    resume: true,
    poolsToo: true,
  });
  if (given.refusal !== undefined) {
    // Its time ran out in this very moment: it has just shown that it is there.
    const over = given.refusal.code === 'stale' && again;
    return over && (await session.begin(desk, worker, 'awake')) ? claim(desk, worker, false) : unavailable;
  }
  const [assignment] = given.value.assignments;
  return assignment === undefined ? nothing : handOut(desk, worker, assignment, before.has(assignment.task.id));
}

async function handOut(desk: Desk, worker: KnownWorker, given: Assignment, resumed: boolean): Promise<Answer> {
  const { engine, clock, log } = desk;
  const { task } = given;
  const doc = taskDoc(given, worker, engine.variables.all);
  const holding = desk.fleet.holding(task.id);
  if (doc === null) {
    log.warn({ worker: worker.id, task: task.id, kind: task.kind }, 'flamenco:not-commands');
    const by = { task: task.id, attempt: task.attempt, session: worker.session };
    await engine.command(worker.principal, 'giveBack', { ...by, how: 'reject', why: 'it is no list of commands' });
    return nothing;
  }
  if (holding !== null) {
    holding.steps = Promise.resolve(stepsOf(doc.commands));
    holding.waitingSince = null;
  }
  if (!resumed) {
    const at = { task: task.id, attempt: task.attempt, stream: 'out' } as const;
    const line = `${stamp(clock.now())}: Switchyard assigned task ${doc.name} to worker ${worker.name}\n`;
    // Not waited for: what the worker says comes after it all the same, and the task does not depend on it.
    engine.logs
      .append(at, null, Buffer.from(line))
      .catch((error: unknown) => log.error({ event: 'flamenco.log-failed', err: error }));
  }
  return { status: 200, body: doc };
}

/** As the workers' own lines begin. */
const stamp = (now: number): string => new Date(now).toISOString().replace('Z', '000+00:00');
