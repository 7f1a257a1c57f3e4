import type { Amounts } from '../../../domain/needs.ts';
import type { WorkerMode } from '../../../domain/worker.ts';
import type { InputOf } from '../../../engine/commands.ts';
import type { Timer } from '../../../ports/clock.ts';
import type { Desk } from '../desk.ts';
import type { Resources, SystemInfo } from '../messages.ts';
import { deferredRoom, gaveRoom, noRoom, type RoomState, stepRoom, tookRoom, undoneRoom } from '../room-reports.ts';
import { resourcesOf } from '../translate.ts';
import { storedInfoOf } from '../translate-worker.ts';

export type RoomReport = Pick<InputOf<'refresh'>, 'reported' | 'total' | 'info' | 'mode'>;

/** Decides what of a worker's reports reaches the store, and when (`room-reports.ts`); knows its size from what it says. */
export class RoomKeeper {
  readonly #desk: Desk;
  readonly #report: (report: RoomReport) => void;
  readonly #info: Readonly<Record<string, unknown>>;
  #state: RoomState = noRoom;
  #timer: Timer | null = null;
  #taken = 0;
  #system: Record<string, unknown> = {};
  #systemKnown = '';
  #size: Amounts = { slots: 0, cpus: 0, ramMb: 0, named: {} };
  #sizeKnown = '';

  /** `info`: what else stands in the worker's row. */
  constructor(desk: Desk, info: Readonly<Record<string, unknown>>, report: (report: RoomReport) => void) {
    this.#desk = desk;
    this.#info = info;
    this.#report = report;
  }

  get said(): Resources | null {
    return this.#state.said;
  }

  /** A slot is free, as far as it has said and taken. */
  get hasSlots(): boolean {
    return (this.#state.said?.job_slots ?? 0) > 0;
  }

  hear(sent: Resources): void {
    const bounded = (amount: number): number => Math.min(amount, Number.MAX_SAFE_INTEGER);
    const said = { job_slots: bounded(sent.job_slots), cpus: bounded(sent.cpus), ram_mb: bounded(sent.ram_mb) };
    this.#grow({ slots: said.job_slots + this.#taken, cpus: said.cpus, ramMb: said.ram_mb });
    this.#step(said);
  }

  hearSystem(system: SystemInfo): void {
    this.#system = storedInfoOf(system);
    this.#grow({ slots: 0, cpus: system.cpu_cores, ramMb: system.total_ram_mb });
    // The first one comes right before the first report of room, and goes with it.
    if (this.#state.known !== null && JSON.stringify(this.#system) !== this.#systemKnown)
      this.#tell({ reported: null, mode: null });
  }

  mode(mode: WorkerMode): void {
    this.#tell({ reported: null, mode });
  }

  deferred(): void {
    this.#state = deferredRoom(this.#state);
  }

  took(amounts: Amounts): void {
    this.#taken += amounts.slots;
    this.#state = tookRoom(this.#state, resourcesOf(amounts));
  }

  ended(amounts: Amounts): void {
    this.#taken -= amounts.slots;
  }

  undo(amounts: Amounts): void {
    this.ended(amounts);
    this.#state = undoneRoom(this.#state, resourcesOf(amounts));
  }

  gaveBack(amounts: Amounts): void {
    this.ended(amounts);
    this.#state = gaveRoom(this.#state, resourcesOf(amounts));
    this.#step(null);
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #step(said: Resources | null): void {
    const { state, report, lookAfterMs } = stepRoom(this.#state, said, this.#desk.clock.monotonic(), this.#desk.limits.reportMs);
    this.#state = state;
    if (report !== null) {
      this.close();
      const { job_slots: slots, cpus, ram_mb: ramMb } = report;
      this.#tell({ reported: { slots, cpus, ramMb, named: {} }, mode: null });
    } else if (lookAfterMs === null) this.close();
    else this.#timer ??= this.#desk.clock.after(lookAfterMs, () => this.#look());
  }

  #look(): void {
    this.#timer = null;
    this.#step(null);
  }

  /** Its whole size is never said: the largest of what is told free, taken and built in. */
  #grow({ slots, cpus, ramMb }: Pick<Amounts, 'slots' | 'cpus' | 'ramMb'>): void {
    const size = this.#size;
    const named = {};
    this.#size = {
      slots: Math.max(size.slots, slots),
      cpus: Math.max(size.cpus, cpus),
      ramMb: Math.max(size.ramMb, ramMb),
      named,
    };
  }

  #tell(report: Pick<RoomReport, 'reported' | 'mode'>): void {
    const size = JSON.stringify(this.#size);
    const system = JSON.stringify(this.#system);
    const total = size === this.#sizeKnown ? null : this.#size;
    const info = system === this.#systemKnown ? null : { ...this.#info, ...this.#system };
    this.#sizeKnown = size;
    this.#systemKnown = system;
    this.#report({ ...report, total, info });
  }
}
