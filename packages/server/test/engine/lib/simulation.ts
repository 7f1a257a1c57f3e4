import type { Principal } from '../../../src/domain/principal.ts';
import type { Assignment, JobPlan } from '../../../src/engine/commands.ts';
import { compile } from '../../../src/kinds/index.ts';
import { createSeededRandom, type SeededRandom } from '../../lib/seeded-random.ts';
import { couldBegin, faultsIn, hopelessIn } from './checker.ts';
import { History } from './history.ts';
import { randomRequest } from './sim-requests.ts';
import { type SimKind, SimWorker } from './sim-worker.ts';
import { admin, ok, openYard, settle, submitter, type Yard, type YardOptions } from './yard.ts';

export interface SimulationOptions {
  readonly seed: number;
  readonly steps: number;
  readonly yard?: YardOptions;
  /** Looked at after every step, when nothing is under way. */
  readonly each?: (yard: Yard) => Promise<void>;
  /** What is broken on purpose loses wake-ups: then only the end counts, after the safety net has had its time. */
  readonly losesWakeUps?: boolean;
}

/** Plays one yard from its seed; throws with everything that did not hold. */
export async function simulate(options: SimulationOptions): Promise<{ begun: number; succeeded: number }> {
  // Every third yard is shared out between its owners.
  const yard = await openYard({ fairness: options.seed % 3 === 0, keepAfterMs: 10_000, ...options.yard, onDisk: true });
  try {
    return await new Simulation(yard, options).play();
  } finally {
    await yard.close();
  }
}

const pools = ['licence', 'kind:shell'];

/** Most tasks that no worker may try twice have what render farms have: blocks, and an end to waiting. */
function farmed(plan: JobPlan, random: SeededRandom): JobPlan {
  const farm = { blockAfter: 1 + random.below(2), blockMs: random.pick([0, 60_000]), noCandidateMs: random.pick([0, 30_000]) };
  const tasks = plan.tasks.map((task) =>
    task.policy.on === 'distinct' ? { ...task, policy: { ...task.policy, ...farm } } : task,
  );
  return random.dice() < 0.7 ? { ...plan, tasks } : plan;
}

class Simulation {
  readonly #yard: Yard;
  readonly #random: SeededRandom;
  readonly #options: SimulationOptions;
  readonly #workers: SimWorker[] = [];
  readonly #jobs: number[] = [];
  readonly #deleted = new Set<number>();
  readonly #history: History;
  readonly #did: string[] = [];
  /** Workers whose gate was closed after the last step, and of which nobody has said anything since. */
  readonly #closed = new Set<number>();
  readonly #early: string[] = [];
  #begun = 0;

  constructor(yard: Yard, options: SimulationOptions) {
    this.#yard = yard;
    this.#options = options;
    this.#random = createSeededRandom(options.seed);
    this.#history = new History();
  }

  async #listen(): Promise<void> {
    const { changes } = await this.#yard.store.query.changesSince(this.#history.last, 10_000);
    this.#history.note(changes);
    this.#yard.engine.feed.subscribe({}, (more) => this.#history.note(more));
  }

  async play(): Promise<{ begun: number; succeeded: number }> {
    await this.#listen();
    await this.#yard.engine.command(admin, 'setPool', { name: 'licence', total: 2 });
    for (let step = 0; step < this.#options.steps; step++) {
      const count = 1 + this.#random.below(3);
      if (this.#random.dice() < 0.06) await this.#note('restart', this.#restart());
      else if (this.#random.dice() < 0.5) for (let i = 0; i < count; i++) await this.#act();
      // At once: they share a transaction.
      else await Promise.all(Array.from({ length: count }, () => this.#act()));
      await settle();
      this.#check();
      await this.#options.each?.(this.#yard);
    }
    await this.#calm();
    return { begun: this.#begun, succeeded: this.#history.succeededTasks };
  }

  // --- what happens -------------------------------------------------------------------------------------------------

  #act(): Promise<unknown> {
    const { dice } = this.#random;
    const roll = dice();
    if (roll < 0.18) return this.#submit();
    if (roll < 0.72) return this.#workerActs();
    if (roll < 0.9) return this.#userActs();
    return this.#note('time', this.#yard.clock.advance(this.#random.below(20_000)));
  }

  #note<T>(what: string, doing: Promise<T>): Promise<T> {
    this.#did.push(what);
    return doing;
  }

  async #submit(): Promise<void> {
    const request = randomRequest(
      this.#random,
      this.#jobs.slice(-3).filter((id) => !this.#deleted.has(id)),
      this.#yard.clock.now(),
    );
    this.#did.push(`submit ${JSON.stringify(request)}`);
    try {
      const plan = farmed(ok(compile(request as never)), this.#random);
      const { job } = ok(await this.#yard.engine.submit(this.#random.pick<Principal>([admin, submitter]), plan));
      this.#jobs.push(job.id);
    } catch (cause) {
      // The parent may be gone, or of somebody else.
      if (!/unknown_parent|unknown_pool|impossible/.test(String(cause))) throw cause;
    }
  }

  async #workerActs(): Promise<void> {
    const worker = this.#workers.length < 2 || this.#random.dice() < 0.06 ? this.#newWorker() : this.#random.pick(this.#workers);
    if (!worker.connected) return this.#note('connect', worker.connect(this.#random.dice() < 0.8));
    const roll = this.#random.dice();
    const at = `${worker.kind} ${worker.id}`;
    if (roll < 0.45) return this.#note(`${at} ends`, worker.endOne());
    if (roll < 0.58) return this.#note(`${at} accepts`, worker.acceptOne());
    if (roll < 0.62) return this.#note(`${at} declines`, worker.declineOne());
    if (roll < 0.7) return this.#note(`${at} answers`, worker.answer());
    if (roll < 0.8) return this.#note(`${at} reports`, worker.report());
    if (roll < 0.84) return this.#note(`${at} gives back`, worker.giveBackOne());
    if (roll < 0.9) return this.#note(`${at} stale`, this.#stale(worker));
    if (roll < 0.96) return this.#note(`${at} lost`, worker.lose());
    if (roll < 0.98) return this.#note(`${at} bye`, worker.bye(this.#random.dice() < 0.5));
    return this.#note(`${at} claims`, worker.kind === 'pulling' ? worker.claim() : worker.report());
  }

  #newWorker(): SimWorker {
    const kind = this.#random.pick<SimKind>(['pushed', 'pushed', 'choosing', 'pulling']);
    const tags = this.#random.dice() < 0.7 ? ['files', 'big'] : ['files'];
    return this.#makeWorker(kind, 1 + this.#random.below(3), tags);
  }

  #makeWorker(kind: SimKind, slots: number, tags: readonly string[]): SimWorker {
    const worker = new SimWorker(this.#yard, this.#random, {
      kind,
      slots,
      tags,
      begun: (assignment, by) => this.#onBegun(assignment, by),
      reported: (task, attempt) => this.#history.reports(task, attempt),
    });
    this.#workers.push(worker);
    return worker;
  }

  #onBegun({ task }: Assignment, worker: SimWorker): void {
    this.#begun += 1;
    if (this.#closed.has(worker.id)) this.#early.push(`task ${task.id} began on worker ${worker.id}, whose gate is closed`);
    this.#history.begins(task, worker.id);
  }

  /** An attempt that it had once, reported (again) under the session of then. */
  async #stale(worker: SimWorker): Promise<void> {
    if (worker.past.length === 0) return;
    const { task, attempt, session } = this.#random.pick(worker.past);
    const holds = worker.held.get(task)?.attempt === attempt;
    if (holds && session === worker.session) return;
    // Without a number it is fenced by its session alone, and that may have been given the task again.
    const unnumbered = session !== worker.session && this.#random.dice() < 0.3;
    await worker.end(task, unnumbered ? null : attempt, 'succeeded', session);
  }

  async #userActs(): Promise<void> {
    const { engine } = this.#yard;
    const job = this.#jobs.length === 0 ? 1 : this.#random.pick(this.#jobs);
    const tasks = this.#yard.rows().tasks;
    const arrays = this.#yard.rows().arrays;
    const array = arrays.length === 0 ? null : this.#random.pick(arrays);
    // A row, or an index of an array with or without one.
    const task =
      array !== null && this.#random.dice() < 0.4
        ? array.id + this.#random.below(array.size)
        : tasks.length === 0
          ? 1
          : this.#random.pick(tasks).id;
    const worker = this.#workers.length === 0 ? 1 : this.#random.pick(this.#workers).id;
    const said = <T>(what: string, doing: Promise<T>): Promise<T> => this.#note(what, doing);
    switch (this.#random.below(22)) {
      case 0:
        return void (await said(`cancel ${job}`, engine.command(admin, 'cancel', { job, kill: this.#random.dice() < 0.6 })));
      case 1:
      case 2:
        return void (await said(`hold ${job}`, engine.command(admin, 'hold', { job })));
      case 3:
      case 4:
        return void (await said(`release ${job}`, engine.command(admin, 'release', { job })));
      case 5:
      case 6:
        return void (await said(`retry ${job}`, engine.command(admin, 'retry', { job })));
      case 7:
        return void (await said(
          `priority ${job}`,
          engine.command(admin, 'setPriority', { job, priority: this.#random.below(10) - 5 }),
        ));
      case 8: {
        this.#deleted.add(job);
        return void (await said(`delete ${job}`, engine.command(admin, 'delete', { job })));
      }
      case 9: {
        const goal = this.#random.pick(['canceled', 'requeue', 'failed'] as const);
        const kill = this.#random.dice() < 0.6;
        return void (await said(`stop ${task} ${goal}`, engine.command(admin, 'stop', { task, goal, reason: 'user', kill })));
      }
      case 10:
        return void (await said(`hold task ${task}`, engine.command(admin, 'holdTask', { task })));
      case 11:
        return void (await said(`release task ${task}`, engine.command(admin, 'releaseTask', { task })));
      case 12:
      case 13:
        return void (await said(`retry task ${task}`, engine.command(admin, 'retryTask', { task })));
      case 14:
        return void (await said(`suspend ${task}`, engine.command(admin, 'suspend', { task })));
      case 15:
        return void (await said(`resume ${task}`, engine.command(admin, 'resume', { task })));
      case 16: {
        const name = this.#random.pick(pools);
        const total = name !== 'licence' && this.#random.dice() < 0.3 ? null : 2 + this.#random.below(3);
        return void (await said(`pool ${name} ${total}`, engine.command(admin, 'setPool', { name, total })));
      }
      case 17: {
        const requeue = this.#random.dice() < 0.5;
        return void (await said(
          `block ${job} ${worker}`,
          engine.command(admin, 'block', { job, worker, kind: 'shell', requeue }),
        ));
      }
      case 18: {
        const mode = this.#random.pick(['asleep', 'awake', 'awake'] as const);
        return void (await said(`wish ${worker} ${mode}`, engine.command(admin, 'wish', { worker, mode, lazy: true })));
      }
      case 19:
      case 20: {
        const event = this.#random.pick(['open', 'open', 'open', 'close', 'fit', 'remove'] as const);
        this.#closed.delete(worker);
        return void (await said(`gate ${worker} ${event}`, engine.command(admin, 'gate', { worker, event })));
      }
      default:
        return void (await said(
          `forget ${worker}`,
          engine.command(admin, 'forget', { worker, force: this.#random.dice() < 0.3 }),
        ));
    }
  }

  async #restart(): Promise<void> {
    await this.#yard.restart();
    await this.#listen();
    for (const worker of this.#workers) {
      if (!worker.connected) continue;
      worker.gone();
      const roll = this.#random.dice();
      if (worker.kind === 'pulling') {
        worker.connected = true;
        await worker.attach();
      } else if (worker.kind === 'pushed' && roll < 0.7) await worker.connect(roll < 0.6);
    }
  }

  // --- what must hold -----------------------------------------------------------------------------------------------

  #check(): void {
    const rows = this.#yard.rows();
    const faults = [
      ...faultsIn(rows),
      ...this.#early,
      ...this.#history.faults,
      ...this.#history.growing(rows),
      ...this.#workers.flatMap((worker) => worker.faults),
      ...this.#yard.errors,
    ];
    if (!this.#options.losesWakeUps) faults.push(...this.#idle(rows));
    // A connection that is gone is not missed at once: only where there was none of that sort.
    if (!this.#workers.some(({ kind }) => kind === 'choosing')) faults.push(...hopelessIn(rows));
    this.#closed.clear();
    for (const { id, gate } of rows.workers) if (gate === 'closed') this.#closed.add(id);
    if (faults.length === 0) return;
    const last = this.#did.slice(-14).join('\n  ');
    throw new Error(`seed ${this.#options.seed}:\n${faults.slice(0, 8).join('\n')}\nafter:\n  ${last}`);
  }

  /** Nothing stays ready beside a worker that fits, is connected and has room. */
  #idle(rows: ReturnType<Yard['rows']>): string[] {
    const now = this.#yard.clock.now();
    return this.#workers.flatMap((worker) => {
      if (!worker.connected || worker.kind === 'pulling') return [];
      const offers = [...worker.held.values()].filter(({ attempt }) => attempt === 0).length;
      if (worker.kind === 'choosing' && offers >= 2) return [];
      const found = couldBegin(rows, worker.id, now, worker.kind === 'choosing');
      return found === null ? [] : [found];
    });
  }

  // --- the end ------------------------------------------------------------------------------------------------------

  /** Everybody behaves from now on: whatever was taken in must end. */
  async #calm(): Promise<void> {
    const { engine, clock } = this.#yard;
    this.#did.push('calm');
    for (const worker of this.#workers) if (worker.connected) await worker.bye(true);
    for (const name of pools) await engine.command(admin, 'setPool', { name, total: 100 });
    await engine.command(admin, 'forgive', { job: null, worker: null, kind: null });
    for (const job of this.#jobs) await engine.command(admin, 'release', { job });
    for (const { id, state } of this.#yard.rows().tasks) {
      if (state.state === 'waiting' && state.held) await engine.command(admin, 'releaseTask', { task: id });
    }
    let diligent = this.#makeWorker('pushed', 50, ['files', 'big']);
    await diligent.connect();
    const unfinished = (): object | undefined => {
      const { tasks, arrays } = this.#yard.rows();
      return (
        tasks.find(({ state }) => !['succeeded', 'failed', 'canceled'].includes(state.state)) ??
        arrays.find(({ rest, next, size, holes }) => rest.state !== 'canceled' && next + holes < size)
      );
    };
    for (let round = 0; round < 400 && unfinished() !== undefined; round++) {
      await settle();
      if (!this.#options.losesWakeUps) this.#check();
      while (diligent.held.size > 0) await diligent.endOne(1);
      if (round % 20 === 19) {
        // Each worker may fail a task of policy `distinct` once (it was told to end it): somebody new must come.
        await diligent.bye(true);
        diligent = this.#makeWorker('pushed', 50, ['files', 'big']);
        await diligent.connect();
      }
      // Shorter than any silence that is too long: a task that a rate lets begin on the way is not lost by that.
      await clock.advance(5_000);
    }
    await settle();
    this.#check();
    const left = unfinished();
    if (left !== undefined) {
      const workers = this.#workers.map(({ id, session, kind, connected, held }) => ({
        id,
        session,
        kind,
        connected,
        held: [...held.keys()],
      }));
      throw new Error(`seed ${this.#options.seed}: never ends: ${JSON.stringify({ left, workers, did: this.#did.slice(-20) })}`);
    }
    this.#allThere();
  }

  /** What was acknowledged is still there, unless somebody had it deleted. */
  #allThere(): void {
    const rows = this.#yard.rows();
    const there = new Set(rows.jobs.map(({ id }) => id));
    const lost = this.#jobs.filter((id) => !there.has(id) && !this.#deleted.has(id));
    if (lost.length > 0) throw new Error(`seed ${this.#options.seed}: acknowledged and gone: jobs ${lost}`);
    const busy = rows.pools.filter(({ used }) => used !== 0);
    if (busy.length > 0) throw new Error(`seed ${this.#options.seed}: all has ended and ${JSON.stringify(busy)} is in use`);
  }
}
