import type { Progress } from '../domain/attempt.ts';
import type { Change } from '../domain/change.ts';
import { refuse } from '../domain/errors.ts';
import type { ClassId, TaskId, WorkerId } from '../domain/ids.ts';
import { may, system } from '../domain/principal.ts';
import { isRunningLike, type Task } from '../domain/task.ts';
import type { Bus } from '../ports/bus.ts';
import type { Clock, Random } from '../ports/clock.ts';
import type { Blobs, LogFiles } from '../ports/files.ts';
import type { Store, Wake } from '../ports/store.ts';
import type { AnswerOf, Assignment, CommandName, InputOf } from './commands.ts';
import { createQueries } from './create-queries.ts';
import { createDeadlines } from './deadlines.ts';
import { createDispatcher } from './dispatcher.ts';
import type { Engine } from './engine.ts';
import { createFeed } from './feed.ts';
import { createLogs } from './logs.ts';
import { createRunner } from './run.ts';
import { type LiveSession, SessionTable } from './session-table.ts';
import { createSessions } from './sessions.ts';
import { submitJob } from './submit-job.ts';
import { createWatch } from './watch.ts';

/** One line per event, with fields; no secret ever. */
export interface EngineLog {
  info(fields: Readonly<Record<string, unknown>>, event: string): void;
  warn(fields: Readonly<Record<string, unknown>>, event: string): void;
  error(fields: Readonly<Record<string, unknown>>, event: string): void;
}

export interface EngineDeps {
  readonly store: Store;
  readonly bus: Bus;
  readonly blobs: Blobs;
  readonly logFiles: LogFiles;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: EngineLog;
  /** How long a worker may take to end what it was told to kill. Default 60 s. */
  readonly forceMs?: number;
}

const duePage = 400;

/** Builds the engine over its ports, puts in order what a crash left, and begins its duties. */
export async function createEngine(deps: EngineDeps): Promise<{ engine: Engine; close(): Promise<void> }> {
  const { store, bus, clock, random, log } = deps;
  const failed = (where: string, cause: unknown): void => {
    log.error({ where, err: cause instanceof Error ? cause.message : String(cause) }, 'engine:failed');
  };
  const table = new SessionTable();
  const progress = new Map<TaskId, Progress>();
  const { newest } = await store.query.changesSince(Number.MAX_SAFE_INTEGER, 1);
  const feed = createFeed(store, newest, (cause) => failed('feed', cause));
  const query = createQueries(store, table, clock);

  const runner = createRunner({
    store,
    clock,
    random,
    committed({ changes, wake }) {
      for (const change of changes) if (change.kind === 'task.changed') taskMoved(change);
      feed.publish(changes);
      woken(wake);
    },
    told: (words) => sessions.deliver(words),
    failed: (name, detail) => log.error({ command: name, err: detail }, 'command:failed'),
    refused: (by, name, { code, detail }) => log.info({ by: by.id, command: name, code, detail }, 'command:refused'),
  });
  const watch = createWatch(clock, runner, deps.forceMs ?? 60_000);
  const logs = createLogs({ store, runner, files: deps.logFiles, query });
  const dispatcher = createDispatcher({ runner, store, clock, sessions: table, assigned, failed });
  const sessions = createSessions({
    runner,
    store,
    clock,
    table,
    wake: (session) => dispatcher.wakeSession(session),
    seize,
    taskAlive: (task) => watch.alive(task),
    stopping: (task) => watch.stopping(task),
    failed,
  });
  const dueTimer = createDeadlines<'due'>(clock, () => void doDue());
  let dueAt = Number.POSITIVE_INFINITY;
  let sweeping: Promise<void> | null = null;
  let closed = false;

  /** The mirror follows what was committed, whoever caused it. */
  function taskMoved({ task, json }: Change): void {
    if (task === null) return;
    const { state } = JSON.parse(json) as { state: string };
    const alive = state === 'offered' || state === 'running' || state === 'suspended' || state === 'stopping';
    if (!alive) {
      watch.ends(task);
      table.drops(task);
      if (progress.delete(task)) bus.clearSignal(`progress:${task}`);
    }
    if (!alive || state === 'running') logs.moved(task);
  }

  /** A session was given tasks: by the dispatcher, by its own claim or accept, or found with it when it came back. */
  function assigned(session: LiveSession, assignments: readonly Assignment[]): void {
    for (const { task, amounts } of assignments) seize(session, task, amounts);
  }

  function seize(session: LiveSession, task: Task, amounts: Assignment['amounts']): void {
    table.holds(session, task, amounts);
    if (isRunningLike(task.state)) watch.begins(task);
  }

  function woken(wake: Wake): void {
    // After this turn's answers: what a worker reported and asked for in one breath is settled before it gets more.
    const classes = [...wake.classes];
    const workers = [...wake.workers];
    if (classes.length + workers.length > 0) setImmediate(() => wakeNow(workers, classes));
    for (const moment of wake.due) armDue(moment);
    if (wake.sweeps) void doSweeps();
  }

  function wakeNow(workers: readonly WorkerId[], classes: readonly ClassId[]): void {
    if (closed) return;
    for (const id of workers) {
      const session = table.ofWorker(id);
      if (session !== undefined) dispatcher.wakeSession(session);
    }
    dispatcher.wakeClasses(classes);
  }

  function armDue(moment: number): void {
    if (moment >= dueAt) return;
    dueAt = moment;
    dueTimer.set('due', Math.max(0, moment - clock.now()));
  }

  async function doDue(): Promise<void> {
    dueAt = Number.POSITIVE_INFINITY;
    try {
      for (let more = !closed; more; ) {
        const result = await runner.command(system, 'due', { limit: duePage });
        more = result.value?.more ?? false;
      }
      if (closed) return;
      // A worker's time to avoid a task may be over without anything else moving.
      dispatcher.wakeClasses([0]);
      const next = await store.query.nextDue(clock.now());
      if (next !== null && !closed) armDue(next);
    } catch (cause) {
      failed('due', cause);
    }
  }

  function doSweeps(): Promise<void> {
    sweeping ??= sweepAll().finally(() => {
      sweeping = null;
    });
    return sweeping;
  }

  async function sweepAll(): Promise<void> {
    try {
      for (let more = !closed; more; ) {
        const result = await runner.command(system, 'sweep', { limit: 1 });
        for (const task of result.value?.dropped ?? []) await deps.logFiles.drop(task);
        more = result.value?.more ?? false;
      }
    } catch (cause) {
      failed('sweep', cause);
    }
  }

  const engine: Engine = {
    async command(by, name, input) {
      const result = await runner.command(by, name, input);
      if (result.value !== undefined) observe(name, input, result.value);
      return result;
    },
    submit: (by, plan, options = {}) => submitJob(runner, by, plan, options),
    query,
    feed,
    sessions,
    logs,
    files: {
      async write(by, bytes, limit) {
        if (!may(by, 'file:write')) return refuse('forbidden', `${by.name} lacks the right file:write`);
        const written = await deps.blobs.write(bytes, limit);
        if ('refused' in written) return refuse(written.refused === 'too_large' ? 'too_large' : 'storage', written.detail);
        return { value: written };
      },
      async read(by, blob, range) {
        if (!may(by, 'file:read')) return refuse('forbidden', `${by.name} lacks the right file:read`);
        const found = await deps.blobs.read(blob, range);
        return found === null ? refuse('not_found', `There is no file ${blob}`) : { value: found };
      },
    },
    progress(task, _attempt, value) {
      const session = table.holderOf(task);
      if (session === undefined && !progress.has(task)) return;
      watch.alive(task);
      progress.set(task, value);
      bus.signal(`progress:${task}`, value);
    },
    lastProgress: (task) => progress.get(task) ?? null,
    onProgress(task, call) {
      return bus.onSignal(task === null ? 'progress:*' : `progress:${task}`, (subject, value) => {
        call(Number(subject.slice('progress:'.length)), value as Progress);
      });
    },
  };

  /** Commands that doors give for their workers, reflected in the mirror. */
  function observe<N extends CommandName>(name: N, input: InputOf<N>, answer: AnswerOf<N>): void {
    if (name === 'accept') {
      const { assignment } = answer as AnswerOf<'accept'>;
      const session = table.get((input as InputOf<'accept'>).session);
      if (session !== undefined) assigned(session, [assignment]);
    } else if (name === 'claim') {
      const session = table.get((input as InputOf<'claim'>).session);
      if (session !== undefined) assigned(session, (answer as AnswerOf<'claim'>).assignments);
    } else if (name === 'refresh') {
      sessions.refreshed(input as InputOf<'refresh'>);
    } else if (name === 'wish') {
      const { worker, mode, lazy } = input as InputOf<'wish'>;
      const session = table.ofWorker(worker);
      if (session !== undefined) session.worker = { ...session.worker, wanted: { mode, lazy } };
    }
  }

  await recover();

  /** What a crash left: jobs half taken in (never acknowledged), sessions that were connections, sweeps, due moments. */
  async function recover(): Promise<void> {
    const building = await store.query.jobs({ states: ['waiting', 'held'] }, { limit: 1_000, cursor: null, order: 'desc' });
    for (const job of building) {
      if (job.intent === 'building') await runner.command(system, 'delete', { job: job.id });
    }
    for (const worker of await store.query.workers()) await sessions.recover(worker);
    if (await store.query.hasSweeps()) await doSweeps();
    await doDue();
  }

  return {
    engine,
    async close() {
      if (closed) return;
      closed = true;
      dueTimer.close();
      watch.close();
      sessions.close();
      await sweeping;
      await runner.close();
      logs.close();
      feed.close();
    },
  };
}
