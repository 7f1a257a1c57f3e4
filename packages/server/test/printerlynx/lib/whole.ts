import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Yard } from '../../system/lib/yard.ts';
import { type Data, type Ears, User } from './peers.ts';

const agentProgram = fileURLToPath(new URL('../../../../printer-agent/src/main.ts', import.meta.url));

/** Our agent as a process of its own, with its virtual printer; ended with the test. */
export class AgentProcess {
  readonly #flags: readonly string[];
  #child: ChildProcess | null = null;

  constructor(yard: Yard, token: string, flags: readonly string[] = []) {
    const file = join(yard.dir.path, 'agent.token');
    writeFileSync(file, token, { mode: 0o600 });
    const data = join(yard.dir.path, 'agent');
    this.#flags = ['--server', yard.ready.url, '--token-file', file, '--data', data, '--port', 'virtual', '--json', ...flags];
    onTestFinished(() => this.kill());
  }

  start(): void {
    this.#child = spawn(process.execPath, [agentProgram, ...this.#flags], { stdio: 'ignore' });
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
}

export interface Shop {
  readonly user: User;
  readonly ears: Ears;
  readonly who: { readonly agent_uuid: string; readonly printer_uuid: string };
  readonly agent: AgentProcess;
}

export const portOf = (yard: Yard): number => Number(new URL(yard.ready.url).port);

/** An owner, an agent that runs, and its printer, ready. */
export async function openShop(yard: Yard, flags: readonly string[] = []): Promise<Shop> {
  const user = await User.register(portOf(yard), 'ada');
  const { uuid, token } = await user.makeAgent('Garage');
  const agent = new AgentProcess(yard, token, flags);
  const ears = await user.socket();
  agent.start();
  const ready = await ears.status(({ status }) => status === 'available');
  return { user, ears, agent, who: { agent_uuid: uuid, printer_uuid: String(ready['printer_uuid']) } };
}

export function gcode(moves: number, dwellS = 0): string {
  const lines = Array.from({ length: moves }, (_, i) => `G1 X${i % 100} Y${i % 90} E${(i / 10).toFixed(2)} F6000`);
  // It stays in the middle for a while, so that there is time to do something to it.
  lines.splice(moves / 2, 0, `G4 S${dwellS}`);
  return ['; a test', 'M104 S60', 'G28', 'M109 S60', ...lines, 'M104 S0', ''].join('\n');
}

export const progressOf = (data: Data): number => (data['job'] as { progress: number } | null)?.progress ?? -1;
