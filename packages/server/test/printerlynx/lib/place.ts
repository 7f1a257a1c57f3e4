import { join } from 'node:path';
import { compileWith } from '../../../src/app/compile-with.ts';
import { type Agents, openAgents } from '../../../src/auth/agents.ts';
import type { Access } from '../../../src/auth/open-access.ts';
import { openSealedSecrets } from '../../../src/auth/sealed-secrets.ts';
import { createTokens } from '../../../src/auth/tokens.ts';
import type { Door } from '../../../src/doors/kit/door.ts';
import { FirstFrames } from '../../../src/doors/kit/first-frames.ts';
import { type Listener, openListener } from '../../../src/doors/kit/listener.ts';
import { createPrinterlynxDoor } from '../../../src/doors/printerlynx/door.ts';
import type { PrinterlynxLimits } from '../../../src/doors/printerlynx/limits.ts';
import { openDoorAccess } from '../../auth/lib.ts';
import { admin, ok, openYard, type Yard } from '../../engine/lib/yard.ts';
import type { FakeClock } from '../../lib/fake-clock.ts';
import { keptLog, type LogLine } from '../../lib/quiet-log.ts';
import { createSeededRandom } from '../../lib/seeded-random.ts';
import { tempDir } from '../../lib/temp-dir.ts';
import { until } from '../../lib/until.ts';
import { ScriptedAgent, User } from './peers.ts';

export interface Place extends AsyncDisposable {
  readonly yard: Yard;
  readonly clock: FakeClock;
  readonly port: number;
  readonly door: Door;
  readonly access: Access;
  readonly agents: Agents;
  readonly lines: readonly LogLine[];
  connections(): number;
  user(name?: string): Promise<User>;
  agent(token: string): Promise<ScriptedAgent>;
  /** Door and engine anew over the same store, on another port. `crashed`: nobody could say good-bye. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** The door on real sockets, with real accounts, over the real engine with its store in memory; the clock is the test's. */
export async function openPlace(options: { readonly limits?: Partial<PrinterlynxLimits>; open?: boolean } = {}): Promise<Place> {
  const yard = await openYard();
  const dir = await tempDir();
  const { clock, store } = yard;
  const { records } = store;
  const { log, lines } = keptLog();
  const random = createSeededRandom('printerlynx');
  const secrets = ok(await openSealedSecrets({ records, random, keyFile: join(dir.path, 'secret.key') }));

  async function start(): Promise<{ door: Door; listener: Listener; access: Access; agents: Agents }> {
    const onError = (error: unknown): void => log.error({ err: String(error) }, 'access');
    const desk = { store, records, clock, random, errors: [], onError } as never;
    const access = await openDoorAccess(desk, {
      tokens: createTokens({ records, clock, random, onError }),
      openRegistration: options.open ?? false,
    });
    const agents = await openAgents({ records, secrets, clock, random, note: () => {} });
    const { auth, accounts, onEnded, principalNow } = access;
    const compile = compileWith(yard.engine, clock, { commandLines: true } as never);
    const shared = { engine: yard.engine, auth, clock, random, log };
    const door = createPrinterlynxDoor(
      { ...shared, accounts, agents, onEnded, principalNow, compile, mark: '5117c4a2', firstFrames: new FirstFrames() },
      { port: null, hosts: ['127.0.0.1'], limits: options.limits ?? {} },
    );
    const listener = await openListener({ doors: [door], hosts: ['127.0.0.1'], port: 0, checkAnswers: true }, { clock, log });
    return { door, listener, access, agents };
  }

  let running = await start();
  let closing: Promise<void> | null = null;

  async function stop(): Promise<void> {
    const { listener, access } = running;
    let closed = false;
    const done = listener.close().then(() => (closed = true));
    // What does not end by itself is cut off in time.
    await until(() => closed || listener.connections() === 0 || clock.pending > 0);
    await clock.advance(30_000);
    await done;
    await access.close();
  }

  async function shut(): Promise<void> {
    await stop();
    for (const line of lines) if (line.level >= 50) console.error(JSON.stringify(line));
    await yard.close();
    await dir.remove();
  }

  const place: Place = {
    yard,
    clock,
    lines,
    get port() {
      return running.listener.port;
    },
    get door() {
      return running.door;
    },
    get access() {
      return running.access;
    },
    get agents() {
      return running.agents;
    },
    connections: () => running.listener.connections(),
    user: (name = 'ada') => User.register(place.port, name),
    agent: (token) => ScriptedAgent.enter(place.port, token),
    async restart() {
      await stop();
      await yard.restart();
      running = await start();
    },
    close: () => {
      closing ??= shut();
      return closing;
    },
    [Symbol.asyncDispose]: () => place.close(),
  };
  return place;
}

/** An owner with an agent, a file and a printer that is ready; the owner listens. */
export async function openFarm(place: Place, name = 'ada') {
  const user = await place.user(name);
  const garage = await user.makeAgent('Garage');
  const file = await user.upload('bracket.gcode', 'G28\nG1 X1\n');
  const agent = await place.agent(garage.token);
  const ears = await user.socket();
  await agent.report(printerId(name));
  await ears.until(({ type, data }) => type === 'printer_status' && data['status'] === 'available');
  const who = { agent_uuid: garage.uuid, printer_uuid: printerId(name) };
  return { user, garage, file, agent, ears, who, printer: printerId(name) };
}

export type Farm = Awaited<ReturnType<typeof openFarm>>;

/** The same for the same name. */
export const printerId = (name: string): string => {
  const hex = Buffer.from(name.padEnd(16, '.')).subarray(0, 16).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};

/** As the yard sees it: the first print is task 1. */
export const taskOf = async ({ yard }: Place, id: number) => ok(await yard.engine.query.task(admin, id)).task;
export const lastAttemptOf = async ({ yard }: Place, id: number) => ok(await yard.engine.query.task(admin, id)).attempt;
