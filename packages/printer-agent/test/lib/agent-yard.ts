import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AgentHandle, type AgentOptions, startAgent } from '../../src/agent.ts';
import { virtualLine } from '../../src/serial/virtual-port.ts';
import { realSystem } from '../../src/system.ts';
import { type VirtualOptions, VirtualPrinter } from '../../src/virtual/printer.ts';
import { type Peer, ScriptedServer } from './scripted-server.ts';

/** A scripted server, an agent in this process, and virtual printers, on real sockets and a real disk. */
export class AgentYard {
  readonly folder: string;
  server: ScriptedServer;
  readonly printers: VirtualPrinter[] = [];
  readonly logs: { event: string; fields: Readonly<Record<string, unknown>> }[] = [];
  agent: AgentHandle | null = null;
  token: string;

  private constructor(folder: string, server: ScriptedServer) {
    this.folder = folder;
    this.server = server;
    this.token = server.token;
  }

  static async open(): Promise<AgentYard> {
    return new AgentYard(await mkdtemp(join(tmpdir(), 'printer-agent-')), await ScriptedServer.open());
  }

  get data(): string {
    return join(this.folder, 'agent');
  }

  start(printers: readonly Partial<VirtualOptions>[] = [{}], more: Partial<AgentOptions> = {}): AgentHandle {
    const ports = printers.map((options, at) => {
      const line = virtualLine(
        () => printer,
        (call) => void setImmediate(call),
      );
      const printer: VirtualPrinter = new VirtualPrinter(
        { speed: Number.POSITIVE_INFINITY, ...options, clock: realSystem, dice: () => realSystem.dice() },
        line,
      );
      this.printers.push(printer);
      return { name: `P${at}`, path: `virtual/${at}`, adapter: 'VIRTUAL' as const, usb: null, open: line.open, baud: null };
    });
    this.agent = startAgent({
      server: this.server.url,
      token: () => this.token,
      data: this.data,
      ports,
      park: null,
      bootMs: null,
      system: realSystem,
      log: (event, fields) => this.logs.push({ event, fields }),
      rhythm: {
        connection: { reconnect: { first: 10, most: 50 }, unwelcomeMs: 50 },
        link: { reopen: { first: 10, most: 50 }, leaveAloneMs: 50 },
      },
      ...more,
    });
    return this.agent;
  }

  /** The connection and the id of its first printer, which is available. */
  async ready(count = 1): Promise<{ peer: Peer; printer: string }> {
    const peer = await this.server.peer(count);
    const { data } = await peer.status(({ status }) => status === 'available');
    return { peer, printer: data['printer_uuid'] as string };
  }

  /** All commands that the first printer took, without our own questions. */
  get taken(): string[] {
    const all = this.printers.at(-1)?.taken ?? [];
    return all.map(({ command }) => command).filter((command) => !/^M(105|155|115|110)\b/.test(command));
  }

  async close(): Promise<void> {
    for (let i = 0; i < 3; i++) this.agent?.stop();
    await this.agent?.closed;
    for (const printer of this.printers) printer.off();
    await this.server.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
