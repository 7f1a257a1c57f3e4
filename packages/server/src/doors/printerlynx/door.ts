import type { Accounts } from '../../auth/accounts.ts';
import type { Agents } from '../../auth/agents.ts';
import type { Door, DoorDeps, DoorStatus, OwnPort } from '../kit/door.ts';
import type { Desk } from './desk.ts';
import { agentFileRows } from './file-rows.ts';
import { gateOf } from './gate.ts';
import { type PrinterlynxLimits, printerlynxLimits } from './limits.ts';
import { printerlynxTable } from './table.ts';

export interface PrinterlynxOptions {
  /** Its own port beside the shared one; null: none. */
  readonly port: number | null;
  readonly hosts: readonly string[];
  readonly limits?: Partial<PrinterlynxLimits>;
}

export interface PrinterlynxDeps extends DoorDeps {
  readonly accounts: Accounts;
  readonly agents: Agents;
}

/** Printerlynx front ends and printer agents: accounts, print files and printers over REST and two sockets. */
export function createPrinterlynxDoor(deps: PrinterlynxDeps, options: PrinterlynxOptions): Door {
  const limits = { ...printerlynxLimits, ...options.limits };
  const { engine, accounts, agents, clock, random, log, auth } = deps;
  const desk: Desk = { engine, accounts, agents, clock, random, log, limits, usesFile: async () => false };
  return {
    name: 'printerlynx',
    title: 'Printerlynx front ends and printer agents',
    rows: printerlynxTable(desk),
    dialect: gateOf({ accounts, agents, auth }, agentFileRows),
    upgrades: [],
    raw: null,
    ports: ownPorts(options),
    opens: [],
    start: async () => {},
    close: async () => {},
    status: () => statusOf(options),
  };
}

const ownPorts = ({ port, hosts }: PrinterlynxOptions): OwnPort[] => (port === null ? [] : [{ port, hosts, serves: 'http' }]);

function statusOf({ port, hosts }: PrinterlynxOptions): DoorStatus {
  const own = port === null ? '' : `, or of port ${port} of ${hosts.join(', ')}`;
  return { connections: 0, notes: [`front ends connect to the address of the shared port${own}`] };
}
