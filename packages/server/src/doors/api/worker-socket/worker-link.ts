import type { Duplex } from 'node:stream';
import {
  decodeLiveFrame,
  decodeLogFrame,
  type FromWorker,
  liveFrame,
  type ToWorker,
  type WireHello,
} from '@switchyard/sdk/worker-wire.ts';
import type { RawData, WebSocket } from 'ws';
import type { Refusal, Result } from '../../../domain/errors.ts';
import type { Principal } from '../../../domain/principal.ts';
import { type Lookup, ownTools, platformOf } from '../../../domain/variables.ts';
import type { Tell } from '../../../engine/commands.ts';
import type { SessionHandle } from '../../../engine/engine.ts';
import type { Timer } from '../../../ports/clock.ts';
import { startHeartbeat } from '../../kit/heartbeat.ts';
import { InboundGate } from '../../kit/inbound-gate.ts';
import { kitLimits } from '../../kit/limits.ts';
import { SendQueue } from '../../kit/send-queue.ts';
import { workerValues } from '../../kit/worker-values.ts';
import type { ApiContext } from '../context.ts';
import { handlers } from './handlers.ts';
import { readFrame } from './inbound.ts';
import { type HeldAttempt, type LiveLink, newlyHeld } from './live-link.ts';
import { Outbox } from './outbox.ts';
import { profile } from './profile.ts';
import { offerText, runText } from './wire-task.ts';

/** Waiting to be sent to one worker: bodies may be large, and what a worker is told cannot be left out. */
const sendBytes = 256 * 1_048_576;
/** Most of a close frame's reason, in bytes (RFC 6455 §5.5). */
const reasonBytes = 123;

type State =
  | { readonly name: 'greeting'; readonly deadline: Timer }
  | { readonly name: 'joining' }
  | { readonly name: 'live'; readonly link: LiveLink }
  | { readonly name: 'over' };

/** One worker's socket from the upgrade to its end. */
export class WorkerLink {
  readonly #context: ApiContext;
  readonly #by: Principal;
  readonly #socket: WebSocket;
  readonly #outbox: Outbox;
  readonly #gate: InboundGate;
  readonly #stopBeat: () => void;
  readonly #held = new Map<number, HeldAttempt>();
  /** What `{name}` stands for on its platform, known since its hello. */
  #values: () => Lookup = () => () => undefined;
  #state: State;
  #force: Timer | null = null;

  constructor(context: ApiContext, by: Principal, socket: WebSocket, stream: Duplex, gone: () => void) {
    const { clock, limits } = context;
    this.#context = context;
    this.#by = by;
    this.#socket = socket;
    const queue = new SendQueue(stream, { limit: sendBytes, onFull: 'close', onOverflow: () => socket.terminate() });
    this.#outbox = new Outbox(queue);
    this.#gate = new InboundGate(socket, 1);
    this.#state = { name: 'greeting', deadline: clock.after(limits.helloMs, () => this.close(4008, 'no hello in time')) };
    this.#stopBeat = startHeartbeat(clock, profile.leaseMs / 3, () => socket.ping());
    socket.on('message', (data, binary) => this.#receive(data, binary));
    socket.on('pong', () => this.#alive());
    socket.on('ping', () => this.#alive());
    socket.on('error', () => {});
    socket.once('close', () => {
      this.#ended();
      gone();
    });
  }

  /** Id of the principal behind it. */
  get by(): string {
    return this.#by.id;
  }

  /** Says why, then hangs up; by force if it does not answer. Idempotent. */
  close(code: number, why: string): void {
    if (this.#force !== null) return;
    this.#outbox.flush();
    this.#socket.close(code, Buffer.from(why).subarray(0, reasonBytes).toString());
    this.#force = this.#context.clock.after(kitLimits.goodByeMs, () => this.#socket.terminate());
  }

  #alive(): void {
    if (this.#state.name === 'live') this.#state.link.handle.alive();
  }

  #receive(data: RawData, binary: boolean): void {
    if (this.#state.name === 'over' || this.#force !== null) return;
    this.#alive();
    try {
      if (binary) this.#takeFrame(data as Buffer);
      else this.#takeText(data.toString());
    } catch (error) {
      this.#failed(error);
    }
  }

  #takeText(text: string): void {
    const messages = readFrame(text);
    if (messages.refusal !== undefined) {
      this.close(1007, messages.refusal.detail);
      return;
    }
    // All of one frame in one turn: they share a transaction.
    for (const message of messages.value) this.#take(message);
  }

  #take(message: FromWorker): void {
    const state = this.#state;
    if (message.m === 'hello') {
      if (state.name !== 'greeting') return;
      state.deadline.cancel();
      this.#state = { name: 'joining' };
      this.#work(this.#join(message), 0);
    } else if (state.name === 'live') handlers[message.m](state.link, message as never);
    else this.close(4003, 'hello must come first, and welcome before anything else');
  }

  #takeFrame(frame: Buffer): void {
    if (frame[0] === liveFrame.version) this.#takeLive(frame);
    else this.#takeLog(frame);
  }

  #takeLive(frame: Buffer): void {
    const live = decodeLiveFrame(frame);
    if (live === null || this.#state.name !== 'live') {
      this.close(1007, live === null ? 'not a live frame of version 2' : 'a live value before welcome');
      return;
    }
    const { task, attempt, name, at, bytes } = live;
    if (this.#held.get(task)?.attempt !== attempt) return;
    this.#state.link.handle.taskAlive(task);
    this.#context.engine.live.put(task, attempt, name, { at, bytes });
  }

  #takeLog(frame: Buffer): void {
    const log = decodeLogFrame(frame);
    const { name } = this.#state;
    if (log === null || name !== 'live') {
      this.close(1007, log === null ? 'not a log frame of version 1' : 'log bytes before welcome');
      return;
    }
    const { task, attempt, stream, offset, bytes } = log;
    const held = this.#held.get(task);
    // Late bytes of an attempt that is not its own any more: nobody waits for them.
    if (held?.attempt !== attempt) return;
    const appended = this.#context.engine.logs.append({ task, attempt, stream }, offset, bytes, { jump: true });
    const acknowledged = appended.then((result) => this.#logged(result, { task, attempt, stream }));
    const logs = held.logs === null ? acknowledged : Promise.all([held.logs, acknowledged]);
    // Whoever waits for them hears of a full disk; nobody need wait, and the process must not end for it.
    logs.catch(() => {});
    held.logs = logs;
    this.#state.link.handle.taskAlive(task);
    this.#work(acknowledged, bytes.length);
  }

  #logged(result: Result<{ length: number }>, at: { task: number; attempt: number; stream: 'out' | 'err' | 'log' }): void {
    // Not acknowledged: the worker keeps the bytes and sends them again after its next hello.
    if (result.refusal !== undefined) throw new Error(`log of task ${at.task}: ${result.refusal.detail}`);
    const message: ToWorker = { m: 'logged', ...at, length: result.value.length };
    this.#outbox.putLatest(`${at.task}.${at.attempt}.${at.stream}`, JSON.stringify(message));
  }

  /** hello -> known, signed on, reconciled, attached -> welcome. */
  async #join(hello: WireHello): Promise<void> {
    const { engine } = this.#context;
    const by = this.#by;
    const { name, kinds, tags, total, info, version, instance } = hello;
    const about = { ...info, version };
    const platform = platformOf(info.platform ?? info.system) ?? 'linux';
    this.#values = workerValues(engine.variables, ownTools, platform);
    const key = `${by.id}:${instance}`;
    const registered = await engine.command(by, 'register', {
      key,
      name,
      kinds,
      tags,
      total,
      profile,
      info: about,
      approved: true,
    });
    if (registered.refusal !== undefined) return this.#turnAway(registered.refusal);
    const { worker } = registered.value;
    const asBefore = { name: null, kinds: null, tags: null, total: null, info: null, keepTasks: true };
    const signedOn = await engine.command(by, 'signOn', { worker, ...asBefore });
    if (signedOn.refusal !== undefined) return this.#turnAway(signedOn.refusal);
    const { session } = signedOn.value;
    const reconciled = await engine.command(by, 'reconcile', { worker, session, holds: hello.holds });
    if (reconciled.refusal !== undefined) return this.#turnAway(reconciled.refusal);
    if (this.#isOver()) {
      // It hung up meanwhile: the session that was begun must end all the same.
      const handle = this.#attach(worker, session, 0);
      await handle.lost();
      return;
    }
    this.#enter(worker, session, hello.prefetch);
    const { kept, kill } = reconciled.value;
    for (const task of kept) this.#held.set(task.id, newlyHeld(task.attempt));
    const logs = await Promise.all(
      kept.map(async ({ id, attempt }) => ({ task: id, attempt, ...(await engine.logs.lengths(id, attempt)) })),
    );
    this.#outbox.open(JSON.stringify({ m: 'welcome', worker, session, leaseMs: profile.leaseMs, kill, logs }));
  }

  #isOver(): boolean {
    return this.#state.name === 'over';
  }

  #turnAway(refusal: Refusal): void {
    this.close(refusal.code === 'forbidden' ? 4403 : 1011, refusal.detail);
  }

  #attach(worker: number, session: number, offers: number): SessionHandle {
    return this.#context.engine.sessions.attach(this.#by, worker, session, {
      tell: (what) => this.#tell(what),
      watch: (task, attempt, names) => this.#say({ m: 'watch', task, attempt, names }),
      push: {
        run: (given) => {
          for (const one of given) {
            this.#held.set(one.task.id, newlyHeld(one.task.attempt));
            this.#outbox.put(runText(one, this.#values()));
          }
        },
        offer: (given) => {
          for (const one of given) this.#outbox.put(offerText(one, this.#values()));
        },
        offers,
        offerMs: null,
      },
    });
  }

  #enter(worker: number, session: number, offers: number): void {
    const handle = this.#attach(worker, session, offers);
    const link: LiveLink = {
      context: this.#context,
      by: this.#by,
      worker,
      session,
      handle,
      held: this.#held,
      say: (message) => this.#outbox.put(JSON.stringify(message)),
      work: (promise, bytes = 0) => this.#work(promise, bytes),
      leave: async () => {
        await handle.bye({ giveBack: true });
        this.close(1000, 'good-bye');
      },
    };
    this.#state = { name: 'live', link };
  }

  #tell(what: Tell): void {
    if (what.tell === 'kill' || what.tell === 'suspend' || what.tell === 'resume') {
      this.#say({ m: what.tell, task: what.task.id, attempt: what.task.attempt });
    } else if (what.tell === 'withdraw') this.#withdraw(what.task.id);
    else if (what.tell === 'close') this.close(4001, what.why);
    else if (what.tell === 'wish') this.#wish(what.mode, what.lazy);
    // Free messages have no word on this wire.
  }

  /**
   * Answered in the worker's place: this connection keeps order, so an accept that crosses the withdrawal is told apart by the
   * worker itself. Without an answer the task would never be shown to this session again.
   */
  #withdraw(task: number): void {
    this.#say({ m: 'withdraw', task });
    if (this.#state.name !== 'live') return;
    const { by, session } = this.#state.link;
    this.#work(this.#context.engine.command(by, 'decline', { task, session, how: 'expire' }), 0);
  }

  #wish(mode: string, lazy: boolean): void {
    if (mode !== 'awake' && mode !== 'asleep' && mode !== 'draining' && mode !== 'shutdown') return;
    this.#say({ m: 'wish', mode, lazy });
    // Told is done: the connection keeps order, so nothing that it is given later can reach it before the wish.
    if (mode !== 'shutdown' && this.#state.name === 'live') {
      const { by, worker, session } = this.#state.link;
      const input = { worker, session, reported: null, total: null, info: null, mode, seenAt: null } as const;
      this.#work(this.#context.engine.command(by, 'refresh', input), 0);
    }
  }

  #say(message: ToWorker): void {
    this.#outbox.put(JSON.stringify(message));
  }

  #work(promise: Promise<unknown>, bytes: number): void {
    const { workerCommands, workerLogBytes } = this.#context.limits;
    const weight = 1 / workerCommands + bytes / workerLogBytes;
    this.#gate.begin(weight);
    const done = (): void => {
      this.#gate.finish(weight);
      // While it was paused for our sake nothing of it could be heard.
      this.#alive();
    };
    promise.then(done, (error: unknown) => {
      done();
      this.#failed(error);
    });
  }

  #failed(error: unknown): void {
    this.#context.log.error({ event: 'worker-socket.failed', by: this.#by.id, err: error });
    this.close(1011, 'something went wrong here; the log of the server says what');
  }

  #ended(): void {
    const state = this.#state;
    this.#state = { name: 'over' };
    this.#stopBeat();
    this.#force?.cancel();
    if (state.name === 'greeting') state.deadline.cancel();
    if (state.name === 'live') {
      state.link.handle.lost().catch((error: unknown) => {
        this.#context.log.error({ event: 'worker-socket.failed', by: this.#by.id, err: error });
      });
    }
  }
}
