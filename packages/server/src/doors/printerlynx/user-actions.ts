import { isEmergencyStop, movesPrinter, refusedCommand } from '@switchyard/sdk/printer-commands.ts';
import type { Principal } from '../../domain/principal.ts';
import type { KeptFile } from '../../engine/library.ts';
import type { ActivePrint } from './active-print.ts';
import type { Desk } from './desk.ts';
import type { Printer } from './printer.ts';
import { readUuid } from './row.ts';
import type { Shop } from './shop.ts';

type Data = Readonly<Record<string, unknown>>;

/** What a user asks of a printer: null when it is under way, else why not, in the words of printerlynx §5.4. */
export interface UserActions {
  print_job(by: Principal, data: Data): Promise<string | null>;
  printer_command(by: Principal, data: Data): Promise<string | null>;
  /** An emergency stop, done when it returns; undefined: it is none. */
  stopAtOnce(by: Principal, data: Data): string | null | undefined;
}

const words = ['START', 'PAUSE', 'RESUME', 'CANCEL'] as const;
type Word = (typeof words)[number];

export function userActions(desk: Desk, shop: Shop, isOnline: (agent: string) => boolean): UserActions {
  const { engine, agents, compile } = desk;

  /** Whose it is comes before how it is, so that nothing is learned of others' machines. */
  function find(by: Principal, data: Data): { readonly printer: Printer } | { readonly wrong: string } {
    const agent = agents.get(readUuid(data['agent_uuid']) ?? '');
    if (agent?.owner !== by.id) return { wrong: 'Agent not found' };
    const printer = shop.get(readUuid(data['printer_uuid']) ?? '');
    return printer?.facts.agent === agent.id ? { printer } : { wrong: 'Printer not found' };
  }

  function unready({ facts, status }: Printer): string | null {
    if (!isOnline(facts.agent)) return 'Agent is offline';
    return status === 'unavailable' ? 'Printer is unavailable' : null;
  }

  async function start(by: Principal, printer: Printer, { id, name, blob, size }: KeptFile): Promise<string | null> {
    const wrong = unready(printer) ?? (printer.status === 'busy' ? 'Printer is busy' : null);
    if (wrong !== null) return wrong;
    const { worker } = printer.facts;
    const plan = await compile({ kind: 'print', name, startOn: worker, spec: { blob, size, name, file: id, needs: { worker } } });
    if (plan.refusal !== undefined) return plan.refusal.detail;
    const submitted = await engine.submit(by, plan.value);
    if (submitted.refusal === undefined) return null;
    // Somebody else was quicker; or the yard has a reason of its own (its plate is not clear), which is said.
    const taken = (await engine.query.held(desk.by, worker)).length > 0;
    return taken ? 'Printer is busy' : submitted.refusal.detail;
  }

  async function steer(by: Principal, word: Exclude<Word, 'START'>, printer: Printer, job: ActivePrint): Promise<string | null> {
    const { task, state } = job;
    if (word === 'CANCEL') {
      const stopped = await engine.command(by, 'stop', { task, goal: 'canceled', reason: 'user', kill: true });
      return stopped.refusal === undefined || stopped.refusal.code === 'wrong_state' ? null : stopped.refusal.detail;
    }
    const wanted = word === 'PAUSE';
    const is = state === 'pausing' || state === 'paused';
    // What it is already, and is not about to end, needs no doing.
    if (is === wanted && job.paused === wanted) return null;
    const { refusal } = await engine.command(by, wanted ? 'suspend' : 'resume', { task });
    if (refusal === undefined) return null;
    // Somebody at the printer has done it, or the yard knows already: the agent is told all the same.
    if (refusal.code !== 'wrong_state') return refusal.detail;
    if (job.over) return 'No active print job';
    printer.steer(word);
    return null;
  }

  function stopAtOnce(by: Principal, data: Data): string | null | undefined {
    if (missing(data, ['agent_uuid', 'printer_uuid', 'command']) !== null) return undefined;
    if (!isEmergencyStop(String(data['command']).trim())) return undefined;
    const found = find(by, data);
    if ('wrong' in found) return found.wrong;
    return found.printer.emergency() ? null : 'Agent is offline';
  }

  return {
    async print_job(by, data) {
      const field = missing(data, ['type', 'agent_uuid', 'printer_uuid']);
      if (field !== null) return `Invalid message: ${field}`;
      const word = words.find((one) => one === data['type']);
      const given = data['print_file_uuid'] ?? null;
      const file = readUuid(given);
      if (file === null && (word === 'START' || given !== null)) return 'Invalid message: print_file_uuid';
      if (word === undefined) return 'Unknown print job type';
      const found = find(by, data);
      if ('wrong' in found) return found.wrong;
      const { printer } = found;
      if (word === 'START') {
        const kept = engine.library.find({ ...by, scope: 'own' }, file ?? '');
        return kept.refusal === undefined ? start(by, printer, kept.value) : 'No file found';
      }
      const wrong = unready(printer);
      if (wrong !== null) return wrong;
      const { job } = printer;
      if (job === null) return 'No active print job';
      if (file !== null && file !== (job.payload.file ?? job.uuid)) return 'Print file does not match the active job';
      return steer(by, word, printer, job);
    },

    async printer_command(by, data) {
      const field = missing(data, ['agent_uuid', 'printer_uuid', 'command']);
      if (field !== null) return `Invalid message: ${field}`;
      const stopped = stopAtOnce(by, data);
      if (stopped !== undefined) return stopped;
      const found = find(by, data);
      if ('wrong' in found) return found.wrong;
      const { printer } = found;
      const wrong = unready(printer);
      if (wrong !== null) return wrong;
      const given = String(data['command']);
      const command = given.trim();
      // What is trimmed is no second line, unless it was meant as one.
      const refused = refusedCommand(/[\r\n\0]/.test(given) ? given : command, 'user');
      if (refused !== null) return refused;
      const flows = printer.job !== null && printer.job.state !== 'paused';
      if (flows && movesPrinter(command)) return 'Printer is busy';
      return printer.command(command) ? null : 'Agent is offline';
    },

    stopAtOnce,
  };
}

/** The first of these that is no text, or no id where it is one. */
function missing(data: Data, fields: readonly string[]): string | null {
  const wrong = (field: string): boolean =>
    field.endsWith('_uuid') ? readUuid(data[field]) === null : typeof data[field] !== 'string';
  return fields.find(wrong) ?? null;
}
