import type { PrintPayload } from '@switchyard/sdk/print.ts';
import type { PrinterLive, PrinterView } from '@switchyard/sdk/printer.ts';
import { type Result, refuse } from '../../domain/errors.ts';
import { may, type Principal, reaches, system } from '../../domain/principal.ts';
import { isAlive, type Task } from '../../domain/task.ts';
import type { Worker } from '../../domain/worker.ts';
import type { Engine } from '../../engine/engine.ts';
import { type HeldPrint, printerView } from './views/printer-view.ts';

export const printKind = 'print';

/** Printers as their people see them: the workers that run prints. */
export interface Printers {
  list(by: Principal): Promise<PrinterView[]>;
  show(by: Principal, id: number): Promise<Result<PrinterView>>;
  sees(by: Principal, id: number): Promise<boolean>;
  /** Somebody who may steer this printer, or why not. */
  keeper(by: Principal, id: number): Promise<Result<Principal>>;
  /** The print that it holds now. */
  held(id: number): Promise<Task | null>;
  live(id: number): PrinterLive | null;
}

/** Who may print runs the printers of his own, and everybody's where he sees everybody's jobs: that is what the right says. */
export const asKeeper = (by: Principal): Principal =>
  may(by, 'print') && !may(by, 'worker:control') ? { ...by, rights: [...by.rights, 'worker:control'] } : by;

export function printersOf({ query, reports }: Pick<Engine, 'query' | 'reports'>): Printers {
  const isPrinter = ({ kinds }: Worker): boolean => kinds.includes(printKind);
  const sees = (by: Principal, worker: Worker): boolean =>
    isPrinter(worker) && (may(by, 'worker:read') || (may(by, 'print') && reaches(by, worker.owner)));
  // The door of a printer puts what the SDK's schema says.
  const live = (id: number): PrinterLive | null => reports.last(id) as PrinterLive | null;

  async function find(by: Principal, id: number): Promise<Result<Worker>> {
    const found = await query.worker(system, id);
    return found.value !== undefined && sees(by, found.value) ? found : refuse('not_found', `There is no printer ${id}`);
  }

  async function held(id: number): Promise<Task | null> {
    return (await query.held(system, id)).find(({ state }) => isAlive(state)) ?? null;
  }

  async function viewOf(by: Principal, worker: Worker): Promise<PrinterView> {
    const task = worker.holding > 0 ? await held(worker.id) : null;
    const told = task !== null && (await seesPrint(by, worker, task));
    return printerView(worker, live(worker.id), told ? await printOf(task) : null);
  }

  /** Who keeps the printer, and who sees the job: what others print is nobody's business. */
  async function seesPrint(by: Principal, { owner }: Worker, { job }: Task): Promise<boolean> {
    return reaches(by, owner) || (await query.job(by, job)).refusal === undefined;
  }

  async function printOf(task: Task): Promise<HeldPrint> {
    const body = (await query.bodies([task])).get(task.body) ?? '{}';
    return { task, payload: (JSON.parse(body) as { payload: PrintPayload }).payload };
  }

  return {
    sees: async (by, id) => (await find(by, id)).refusal === undefined,
    live,
    held,
    async list(by) {
      const all = (await query.workers(system)).filter((worker) => sees(by, worker));
      return Promise.all(all.map((worker) => viewOf(by, worker)));
    },
    async show(by, id) {
      const found = await find(by, id);
      return found.refusal === undefined ? { value: await viewOf(by, found.value) } : found;
    },
    async keeper(by, id) {
      const found = await find(by, id);
      if (found.refusal !== undefined) return found;
      const one = asKeeper(by);
      return may(one, 'worker:control') && reaches(by, found.value.owner)
        ? { value: one }
        : refuse('forbidden', `${found.value.name} is not ${by.name}'s printer`);
    },
  };
}
