import { oxdnaLive } from '@switchyard/sdk/oxdna.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Engine, LiveValue, Unsubscribe } from '../../engine/engine.ts';
import type { Clock, Timer } from '../../ports/clock.ts';
import type { StageFacts } from './sim-job.ts';
import type { Simulation } from './simulation.ts';
import { endOf, standing, textOf } from './structures.ts';
import type { Structure } from './translate.ts';

export interface WatcherDeps {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly by: Principal;
  readonly updateMs: number;
  /** To all who watch this job. */
  readonly say: (sim: Simulation, structure: Structure) => void;
}

/** The structure of one job while somebody watches it: what its worker shows of it, at most every `updateMs`, newest wins. */
export class Watcher {
  readonly #deps: WatcherDeps;
  readonly #sim: Simulation;
  #top: Promise<string> | null = null;
  #stage: StageFacts | null = null;
  #off: Unsubscribe | null = null;
  #value: LiveValue | null = null;
  /** Step of what was last said, over all runs of the stage. */
  #saidStep = -1;
  #saidAt = Number.NEGATIVE_INFINITY;
  #timer: Timer | null = null;
  #closed = false;

  constructor(deps: WatcherDeps, sim: Simulation) {
    this.#deps = deps;
    this.#sim = sim;
    this.follow();
  }

  /** The stage that runs now may be another one. */
  follow(): void {
    const stage = this.#sim.present ?? null;
    if (this.#closed || stage === this.#stage) return;
    this.#off?.();
    this.#stage = stage;
    this.#value = null;
    this.#saidStep = -1;
    const { live } = this.#deps.engine;
    this.#off = stage === null ? null : live.watch(stage.task, oxdnaLive.configuration, (value) => this.#shown(value));
  }

  /** As it stands; null: its files are gone. */
  async standing(): Promise<Structure | null> {
    const { engine, by } = this.#deps;
    const dat = await standing(engine, by, this.#sim);
    return dat === null ? null : { top: await this.#topology(), dat: JSON.stringify(dat) };
  }

  /** Where a stage ended is always said, before the news that it has. */
  async stageDone(stage: StageFacts): Promise<void> {
    const { engine, by } = this.#deps;
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#saidStep >= stage.steps * (1 + stage.extensions)) return;
    const blob = await endOf(engine, by, stage.task);
    const dat = blob === null ? null : await textOf(engine, by, blob);
    if (dat !== null) await this.#say(JSON.stringify(dat));
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#off?.();
  }

  #shown(value: LiveValue): void {
    this.#value = value;
    if (this.#timer !== null || this.#closed) return;
    const { clock, updateMs } = this.#deps;
    const wait = this.#saidAt + updateMs - clock.monotonic();
    if (wait <= 0) this.#sayValue();
    else this.#timer = clock.after(wait, () => this.#sayValue());
  }

  #sayValue(): void {
    this.#timer = null;
    const value = this.#value;
    if (value === null || this.#closed) return;
    this.#value = null;
    this.#saidStep = value.at;
    this.#saidAt = this.#deps.clock.monotonic();
    const { buffer, byteOffset, length } = value.bytes;
    void this.#say(JSON.stringify(Buffer.from(buffer, byteOffset, length).toString('utf8')));
  }

  async #say(dat: string): Promise<void> {
    const top = await this.#topology();
    if (!this.#closed) this.#deps.say(this.#sim, { top, dat });
  }

  #topology(): Promise<string> {
    const { engine, by } = this.#deps;
    this.#top ??= textOf(engine, by, this.#sim.sources.topology).then((text) => JSON.stringify(text ?? ''));
    return this.#top;
  }
}
