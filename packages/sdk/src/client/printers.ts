import type { PrinterView } from '../printer.ts';
import type { Http } from './http.ts';

/** Printers by the id of the worker that each is. What changes one answers it as it is then. */
export interface PrintersClient {
  list(): Promise<readonly PrinterView[]>;
  show(id: number): Promise<PrinterView>;
  /** The plate is clear, or (`false`) is not after all. */
  clear(id: number, clear?: boolean): Promise<PrinterView>;
  /** Whether it waits for that word after each print. */
  setGate(id: number, enabled: boolean): Promise<PrinterView>;
  setMaintenance(id: number, on: boolean): Promise<PrinterView>;
  setTags(id: number, tags: readonly string[]): Promise<PrinterView>;
  pause(id: number): Promise<PrinterView>;
  resume(id: number): Promise<PrinterView>;
  cancel(id: number): Promise<PrinterView>;
  /** Emergency stop: past every queue. */
  stop(id: number): Promise<void>;
  command(id: number, command: string): Promise<void>;
}

export function printersClient(http: Http): PrintersClient {
  const post = (id: number, verb: string, json: unknown = {}): Promise<PrinterView> =>
    http.json(`/v1/printers/${id}/${verb}`, { method: 'POST', json });
  const put = (id: number, what: string, json: unknown): Promise<PrinterView> =>
    http.json(`/v1/printers/${id}/${what}`, { method: 'PUT', json });
  return {
    list: async () => (await http.json<{ printers: PrinterView[] }>('/v1/printers')).printers,
    show: (id) => http.json(`/v1/printers/${id}`),
    clear: (id, clear = true) => post(id, 'clear', { clear }),
    setGate: (id, enabled) => put(id, 'gate', { enabled }),
    setMaintenance: (id, on) => put(id, 'maintenance', { on }),
    setTags: (id, tags) => put(id, 'tags', { tags }),
    pause: (id) => post(id, 'pause'),
    resume: (id) => post(id, 'resume'),
    cancel: (id) => post(id, 'cancel'),
    stop: async (id) => {
      await http.raw(`/v1/printers/${id}/stop`, { method: 'POST', json: {} });
    },
    command: async (id, command) => {
      await http.raw(`/v1/printers/${id}/command`, { method: 'POST', json: { command } });
    },
  };
}
