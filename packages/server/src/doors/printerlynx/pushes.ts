import type { Agent } from '../../auth/agents.ts';
import type { Printer } from './printer.ts';
import type { Frame } from './wire.ts';

/** What owners are told unasked (printerlynx §3.2). Both names of the agent's name, for the seed's examples differ. */
export const agentStatus = ({ id, name }: Pick<Agent, 'id' | 'name'>, online: boolean): Frame => ({
  type: 'agent_status',
  data: { agent_name: name, agent_identifier: name, agent_uuid: id, status: online ? 'online' : 'offline' },
});

/** An unavailable printer has exactly four keys. */
export function printerStatus(printer: Printer): Frame {
  const { facts, report, status, job } = printer;
  const who = { agent_uuid: facts.agent, printer_uuid: facts.uuid, printer_identifier: report?.identifier ?? facts.identifier };
  if (status === 'unavailable' || report === null) return { type: 'printer_status', data: { ...who, status: 'unavailable' } };
  return {
    type: 'printer_status',
    data: {
      ...who,
      printer_adapter_identifier: report.adapterIdentifier || facts.adapterIdentifier,
      printer_adapter_interface: report.adapterInterface || facts.adapterInterface,
      status,
      job: job === null ? null : jobDocument(printer),
      state: { temperature: report.actual, ...(report.target === null ? {} : { target: report.target }) },
      ...(report.lastError === null ? {} : { last_error: report.lastError }),
    },
  };
}

function jobDocument({ job, report }: Printer): Readonly<Record<string, unknown>> | null {
  if (job === null) return null;
  const told = report?.job?.uuid === job.uuid ? report.job : null;
  return {
    print_file_uuid: job.payload.file ?? job.uuid,
    name: job.payload.name,
    size: job.payload.size,
    progress: job.progress,
    job_uuid: job.uuid,
    state: job.state,
    ...(told?.message == null ? {} : { message: told.message }),
    ...(told?.elapsedS == null ? {} : { elapsed_s: told.elapsedS }),
    ...(told?.remainingS == null ? {} : { remaining_s: told.remainingS }),
  };
}
