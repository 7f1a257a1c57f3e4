import { refuse } from '../domain/errors.ts';
import type { TaskId } from '../domain/ids.ts';
import type { Task } from '../domain/task.ts';
import type { Bus } from '../ports/bus.ts';
import type { Clock, Random } from '../ports/clock.ts';
import type { Blobs, LogFiles } from '../ports/files.ts';
import type { Images } from '../ports/images.ts';
import type { RunResult, Store } from '../ports/store.ts';
import { createCandidateWatch } from './candidate-watch.ts';
import type { AnswerOf, InputOf, JobPlan, Submitted } from './commands.ts';
import { createQueries } from './create-queries.ts';
import { createDispatcher } from './dispatcher.ts';
import { createDuties } from './duties.ts';
import type { Engine } from './engine.ts';
import { createFeed } from './feed.ts';
import { createFiles } from './files.ts';
import { createJobImages } from './images.ts';
import { createInsist } from './insist.ts';
import { openLibrary } from './library.ts';
import { createLive } from './live.ts';
import { createLogs } from './logs.ts';
import { createMirror } from './mirror.ts';
import { createProgress } from './progress.ts';
import { createRunner, type Runner } from './run.ts';
import { createSafetyNet } from './safety-net.ts';
import { type LiveSession, SessionTable } from './session-table.ts';
import { createSessions } from './sessions.ts';
import { openSleepSchedules } from './sleep-schedules.ts';
import { submitJob } from './submit-job.ts';
import { createUrge } from './urge.ts';
import { openVariables } from './variables.ts';
import { createWatch } from './watch.ts';
import { createWorkerReports } from './worker-reports.ts';

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
  /** Absent: no pictures are kept. */
  readonly images?: Images;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: EngineLog;
  /** How long a worker may take to end what it was told to kill. Default 60 s. */
  readonly forceMs?: number;
  /** Whether jobs taken in from now on share the yard between their owners. Default no. */
  readonly fairness?: boolean;
  /** So old must a task be before a worker is kept for it. Default two minutes. */
  readonly keepAfterMs?: number;
  /** Hears of every attempt that began, after its commit (for figures). */
  began?(task: Task): void;
}

const defaultForceMs = 60_000;

/** Builds the engine over its ports, puts in order what a crash left, and begins its duties. */
export async function createEngine(deps: EngineDeps): Promise<{ engine: Engine; close(): Promise<void> }> {
  const { store, bus, clock, random, log } = deps;
  const { query: rows } = store;
  const failed = (where: string, cause: unknown): void => {
    log.error({ where, err: cause instanceof Error ? cause.message : String(cause) }, 'engine:failed');
  };
  let closed = false;

  const table = new SessionTable();
  const { newest } = await rows.changesSince(Number.MAX_SAFE_INTEGER, 1);
  const feed = createFeed(store, newest, (cause) => failed('feed', cause));
  const query = createQueries(store, table, clock);
  const direct = createRunner({
    store,
    clock,
    random,
    answered(name, input, answer) {
      mirror.answered(name, input, answer);
      if (name === 'refresh') sessions.refreshed(input as InputOf<'refresh'>);
      if (name === 'claim') dispatcher.ready.usedUp((answer as AnswerOf<'claim'>).exhausted);
    },
    committed,
    told: (words) => sessions.deliver(words),
    failed: (name, detail) => log.error({ command: name, err: detail }, 'command:failed'),
    refused: (by, name, { code, detail }) => log.info({ by: by.id, command: name, code, detail }, 'command:refused'),
  });
  const { keepAfterMs } = deps;
  const runner: Runner = {
    ...direct,
    // Whoever claims, or asks why nothing is claimed, does so by the yard's own rules.
    command: (by, name, input) =>
      keepAfterMs !== undefined && (name === 'claim' || name === 'why')
        ? direct.command(by, name, { ...input, keepAfterMs })
        : direct.command(by, name, input),
  };
  const insist = createInsist(runner, clock);
  const watch = createWatch(clock, insist, deps.forceMs ?? defaultForceMs);
  const mirror = createMirror({ table, watch, moved: taskMoved, ...(deps.began === undefined ? {} : { began: deps.began }) });
  const logs = createLogs({ store, runner, files: deps.logFiles, query });
  const progress = createProgress({ bus, table, watch });
  const live = createLive({ table, watch, failed });
  const dispatcher = createDispatcher({ runner, insist, query: rows, clock, sessions: table, failed });
  const wakeSession = (session: LiveSession): void => dispatcher.wakeSession(session);
  const sessions = createSessions({ insist, store, clock, table, watch, wake: wakeSession, regained: live.begins, failed });
  const wakeAll = (): void => {
    dispatcher.ready.woken([0]);
    dispatcher.wakeClasses([0]);
  };
  const duties = createDuties({ insist, query: rows, clock, wakeAll, drop: (task) => deps.logFiles.drop(task), failed });
  const candidates = createCandidateWatch({ query: rows, clock, insist, failed });
  const reports = createWorkerReports({ bus, feed });
  const net = createSafetyNet({ clock, table, wakeAll });

  function committed({ changes, wake }: RunResult): void {
    mirror.changed(changes);
    candidates.changed(changes);
    feed.publish(changes);
    duties.woken(wake);
    const { classes, workers } = wake;
    dispatcher.ready.woken(classes);
    // After this turn's answers: what a worker reported and asked for in one breath is settled before it gets more.
    if (classes.length + workers.length > 0) setImmediate(() => wakeNow(workers, classes));
  }

  function wakeNow(workers: readonly number[], classes: readonly number[]): void {
    if (closed) return;
    for (const id of workers) {
      const session = table.ofWorker(id);
      if (session !== undefined) dispatcher.wakeSession(session);
    }
    dispatcher.wakeClasses(classes);
  }

  function taskMoved(task: TaskId, held: boolean): void {
    if (held) live.begins(task);
    else {
      progress.ends(task);
      live.ends(task);
    }
    logs.moved(task);
  }

  /** What somebody started on a named worker is handed to it like any other. */
  async function submit(by: Parameters<Engine['submit']>[0], plan: JobPlan, options: { key?: string; hash?: string } = {}) {
    const named = plan.startOn === null ? undefined : table.ofWorker(plan.startOn)?.ears.push;
    if (named && named.run === undefined) {
      return refuse(
        'worker_unavailable',
        'This worker chooses by itself what it accepts; nothing can be started on it',
        '/startOn',
      );
    }
    const result = await submitJob(runner, by, plan, { ...options, fair: deps.fairness ? (plan.sharer ?? by.id) : null });
    handOver(result.value?.started ?? null);
    return result;
  }

  function handOver(started: Submitted['started']): void {
    if (started === null || !('session' in started.task.state)) return;
    try {
      table.get(started.task.state.session)?.ears.push?.run?.([started]);
    } catch (cause) {
      failed('start', cause);
    }
  }

  /** What a crash left: jobs half taken in (never acknowledged), sessions that were connections, sweeps, due moments. */
  async function recover(): Promise<void> {
    await Promise.all((await rows.jobsBeingTakenIn()).map((job) => insist('delete', { job })));
    await Promise.all((await rows.workers()).map((worker) => sessions.recover(worker)));
    await duties.recover();
    candidates.recover();
  }

  const files = createFiles(deps.blobs);
  const library = await openLibrary({ records: store.records, files, clock, random });
  const images = createJobImages({ images: deps.images ?? null, query, feed, failed });

  await recover();
  const sleepSchedules = await openSleepSchedules({ records: store.records, insist, query, feed, clock, failed });
  const variables = await openVariables(store.records, ({ id: by, name }, command, variable, refusal) =>
    insist('note', { by, name, command, subject: `variable ${variable}`, refusal }),
  );

  return {
    engine: {
      command: runner.command,
      submit,
      query,
      feed,
      sessions,
      logs,
      files,
      library,
      images,
      sleepSchedules,
      variables,
      progress: progress.progress,
      lastProgress: progress.lastProgress,
      onProgress: progress.onProgress,
      live,
      reports,
      urge: createUrge({ table, insist }),
    },
    async close() {
      if (closed) return;
      closed = true;
      net.close();
      candidates.close();
      images.close();
      sleepSchedules.close();
      watch.close();
      sessions.close();
      insist.close();
      await duties.close();
      await runner.close();
      logs.close();
      live.close();
      reports.close();
      feed.close();
    },
  };
}
