import type { Principal } from '../../../domain/principal.ts';
import type { Unsubscribe } from '../../../engine/engine.ts';
import type { Desk } from '../desk.ts';
import type { JobInfo, ToClient } from '../messages.ts';
import { canceled, jobInfoOf } from '../translate.ts';
import { faceOf } from './faces.ts';
import { type Asking, noJob, type Reply } from './reply.ts';

/** The first update at once, as confirmation, also for a job that is over (kueue §5); the last one is never left out. */
export async function observeJob(asking: Asking, { job_id }: { job_id: number }): Promise<Reply> {
  const { desk, by } = asking;
  const face = await faceOf(desk, by, job_id);
  if (face === null) return noJob(job_id);
  const info = jobInfoOf(face, desk.limits.listedCommandLength);
  const message = updated(info);
  if (isOver(info)) return { message };
  const observation = new Observation(desk, by, face.task.job, info);
  return { message, after: () => asking.observe(observation) };
}

const updated = (info: JobInfo): ToClient => ({ name: 'JobUpdated', body: info });

export function isOver({ status }: JobInfo): boolean {
  return 'Finished' in status || 'Canceled' in status;
}

/** Reads the job again whenever it moved: states between two readings are merged. */
class Observation {
  readonly #desk: Desk;
  readonly #by: Principal;
  readonly #job: number;
  #last: JobInfo;
  #subscriptions: Unsubscribe[] = [];
  #reading = false;
  #again = false;
  #stopped = false;

  constructor(desk: Desk, by: Principal, job: number, last: JobInfo) {
    this.#desk = desk;
    this.#by = by;
    this.#job = job;
    this.#last = last;
  }

  start(send: (message: ToClient) => void): void {
    const { feed } = this.#desk.engine;
    const look = (): void => void this.#look(send);
    this.#subscriptions = [
      feed.subscribe({ task: this.#last.job_id }, look),
      // The unclaimed rest of an array moves as one, and a deleted job takes its tasks with it.
      feed.subscribe({ job: this.#job, kinds: ['array.changed', 'job.changed', 'job.deleted'] }, look),
    ];
    look();
  }

  stop(): void {
    this.#stopped = true;
    for (const unsubscribe of this.#subscriptions) unsubscribe();
    this.#subscriptions = [];
  }

  async #look(send: (message: ToClient) => void): Promise<void> {
    this.#again = true;
    if (this.#reading) return;
    this.#reading = true;
    while (this.#again && !this.#stopped) {
      this.#again = false;
      const face = await faceOf(this.#desk, this.#by, this.#last.job_id);
      // Deleted while somebody waits for it: the last word is said all the same (kueue §7.9).
      if (!this.#stopped) this.#tell(send, face === null ? this.#gone() : jobInfoOf(face, this.#desk.limits.listedCommandLength));
    }
    this.#reading = false;
  }

  #gone(): JobInfo {
    const { status } = this.#last;
    const issued = Object.values(status).map(({ issued }) => Date.parse(issued))[0] ?? 0;
    return { ...this.#last, status: canceled(issued, this.#desk.clock.now()) };
  }

  #tell(send: (message: ToClient) => void, info: JobInfo): void {
    if (JSON.stringify(info.status) === JSON.stringify(this.#last.status)) return;
    this.#last = info;
    if (isOver(info)) this.stop();
    send(updated(info));
  }
}
