import type { Socket } from 'node:net';
import type { Principal } from '../../domain/principal.ts';
import { unreachable } from '../../domain/unreachable.ts';
import type { Timer } from '../../ports/clock.ts';
import { type CloseReason, openRawConnection, type RawConnection, type RawConnectionDeps } from '../kit/raw-connection.ts';
import { checkFromClient, checkFromWorker, checkHello } from './check-message.ts';
import { ClientLink, type ClientWire } from './client/client-link.ts';
import { response } from './client/reply.ts';
import { decodeFrame, type Variant } from './decode.ts';
import type { Desk } from './desk.ts';
import { encode } from './encode.ts';
import { createFrameReader, type Frame, type FrameReader, type LongValue } from './frames.ts';
import type { FromClient, FromWorker, Hello, ToWorker } from './messages.ts';
import { stranger, trusted } from './principals.ts';
import { freshSalt, provesSecret } from './proof.ts';
import { areResults } from './results-reader.ts';
import { type Life, type LifeEffect, type LifeEvent, newLife, stepLife } from './session.ts';
import { type AskRow, clientTable, type HearRow, workerTable } from './table.ts';
import { WorkerLink, type WorkerWire } from './worker/worker-link.ts';

/** One connection of a peer, until it knows better a stranger's. */
export interface Connection {
  /** The server stops: `Bye`, then the end (kueue §6.11). Settles when nothing of it is left. */
  close(): Promise<void>;
}

/** Null: too many connections, it is gone already. */
export function openConnection(
  socket: Socket,
  first: Buffer,
  desk: Desk,
  raw: RawConnectionDeps,
  closed: () => void,
): Connection | null {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, keepAliveMs);
  const connection = new OpenConnection(desk, closed);
  return connection.open(socket, first, raw) ? connection : null;
}

const keepAliveMs = 60_000;
/** Messages of a worker that arrive before it was told that it is accepted. */
const mostEarly = 64;

class OpenConnection implements Connection {
  readonly #desk: Desk;
  readonly #closed: () => void;
  readonly #reader: FrameReader;
  #raw: RawConnection | null = null;
  #life: Life = newLife;
  #client: ClientLink | null = null;
  #worker: WorkerLink | null = null;
  /** Until it is admitted. */
  #early: FromWorker[] | null = null;
  #deadline: Timer | null = null;
  #unfinished: Timer | null = null;
  #heardAt = 0;
  #paused = 0;
  #bye = false;
  #gone: Promise<void> | null = null;

  constructor(desk: Desk, closed: () => void) {
    this.#desk = desk;
    this.#closed = closed;
    this.#reader = createFrameReader({
      limit: () => this.#limit(),
      depth: desk.limits.depth,
      streamFrom: desk.limits.streamFromBytes,
      frame: (frame) => this.#frame(frame),
      long: (beginning) => this.#long(beginning),
    });
  }

  open(socket: Socket, first: Buffer, deps: RawConnectionDeps): boolean {
    this.#raw = openRawConnection(
      socket,
      first,
      { data: (bytes) => this.#data(bytes), ended: () => this.#ended(), closed: (why) => this.#onClosed(why) },
      deps,
    );
    return this.#raw !== null;
  }

  close(): Promise<void> {
    this.#step({ event: 'closed' });
    this.#hangUp('the server stops', '"Bye"');
    return this.#gone ?? this.#leave();
  }

  #limit(): number {
    const { messageBytes, trustedMessageBytes, echoBytes } = this.#desk.limits;
    // A worker sends back what it was offered, and a little more: a job that came in must not end every worker it comes to.
    if (this.#life.life === 'worker') return trustedMessageBytes + echoBytes;
    return this.#isTrusted() ? trustedMessageBytes : messageBytes;
  }

  #isTrusted(): boolean {
    const life = this.#life;
    return life.life === 'worker' || (life.life === 'client' && life.auth.is === 'trusted');
  }

  #data(bytes: Buffer): void {
    this.#heardAt = this.#desk.clock.monotonic();
    this.#worker?.alive();
    const fault = this.#reader.push(bytes);
    if (fault !== null) this.#step({ event: 'malformed' });
    this.#watchUnfinished();
  }

  /** A value that was begun must go on; between values a peer may be silent for ever. */
  #watchUnfinished(): void {
    if (!this.#reader.unfinished) {
      this.#unfinished?.cancel();
      this.#unfinished = null;
    } else if (this.#unfinished === null) this.#armUnfinished(this.#desk.limits.unfinishedMs);
  }

  #armUnfinished(ms: number): void {
    this.#unfinished = this.#desk.clock.after(ms, () => {
      this.#unfinished = null;
      const silent = this.#desk.clock.monotonic() - this.#heardAt;
      const { unfinishedMs } = this.#desk.limits;
      if (this.#paused > 0) this.#armUnfinished(unfinishedMs);
      else if (silent < unfinishedMs) this.#armUnfinished(unfinishedMs - silent);
      else this.#step({ event: 'malformed' });
    });
  }

  #frame(frame: Frame): void {
    const variant = decodeFrame(frame);
    const known = variant === null ? false : this.#message(variant);
    if (!known) this.#step({ event: 'malformed' });
  }

  #long(beginning: Buffer): LongValue | null {
    if (this.#worker === null || this.#early !== null || !areResults(beginning)) return null;
    return this.#worker.longResults(() => this.#step({ event: 'malformed' }));
  }

  /** False: this phase knows no such message. */
  #message(variant: Variant): boolean {
    switch (this.#life.life) {
      case 'greeting':
        return this.#hello(checkHello(variant));
      case 'client':
        return this.#fromClient(checkFromClient(variant));
      case 'challenged':
      case 'worker':
        return this.#fromWorker(checkFromWorker(variant));
      case 'over':
        return true;
      default:
        return unreachable(this.#life);
    }
  }

  #hello(hello: Hello | null): boolean {
    if (hello === null) return false;
    this.#raw?.established();
    if (hello.name === 'HelloFromClient') {
      this.#step({ event: 'client-hello' });
      return true;
    }
    const { body } = hello;
    const name = 'worker_name' in body ? body.worker_name : body[0];
    this.#step({ event: 'worker-hello', name, salt: freshSalt(this.#desk.random) });
    return true;
  }

  #fromClient(message: FromClient | null): boolean {
    if (message === null) return false;
    const row = clientTable[message.name];
    if (row.life !== 'request') this.#step(this.#lifeEvent(message, row.life));
    else if (this.#step({ event: 'request', privileged: row.privileged })) this.#ask(message);
    return true;
  }

  #lifeEvent(message: FromClient | FromWorker, life: 'auth-request' | 'auth-response' | 'bye'): LifeEvent {
    if (life === 'bye') {
      this.#bye = true;
      return { event: 'bye' };
    }
    if (life === 'auth-request') return { event: 'auth-request', salt: freshSalt(this.#desk.random) };
    const proof = message.name === 'AuthResponse' ? message.body : '';
    const salt = this.#salt();
    return { event: 'auth-response', right: salt !== null && provesSecret(this.#desk.secret, salt, proof) };
  }

  #salt(): string | null {
    const life = this.#life;
    if (life.life === 'challenged') return life.salt;
    return life.life === 'client' && life.auth.is === 'challenged' ? life.auth.salt : null;
  }

  #ask(message: FromClient): void {
    const by = this.#isTrusted() ? trusted : stranger;
    const client = this.#client;
    if (client === null) return;
    const start = this.#mayAsk(by) ? () => serve(client, by, message) : () => Promise.resolve(notOpen);
    const row = clientTable[message.name];
    client.add({ parallel: row.life === 'request' && row.parallel === true, start });
  }

  #mayAsk(by: Principal): boolean {
    return by === trusted || this.#desk.mayRead(this.#raw?.remote ?? '');
  }

  #fromWorker(message: FromWorker | null): boolean {
    if (message === null) return false;
    const row = workerTable[message.name];
    if (row.life !== 'request') this.#step(this.#lifeEvent(message, row.life));
    else if (this.#step({ event: 'request', privileged: true })) this.#hear(message);
    return true;
  }

  #hear(message: FromWorker): void {
    if (this.#early !== null) {
      this.#early.push(message);
      if (this.#early.length > mostEarly) this.#hangUp('too much before it was accepted');
    } else if (this.#worker !== null) {
      hear(this.#worker, message);
    }
  }

  /** True: the message is to be served. */
  #step(event: LifeEvent): boolean {
    const { life, effects } = stepLife(this.#life, event, this.#desk.limits.strikes);
    this.#life = life;
    if (life.life === 'over') this.#reader.stop();
    let serves = false;
    for (const effect of effects) {
      if (effect.effect === 'serve') serves = true;
      else this.#do(effect);
    }
    return serves;
  }

  #do(effect: Exclude<LifeEffect, { effect: 'serve' }>): void {
    switch (effect.effect) {
      case 'welcome':
        if (effect.who === 'client') this.#welcomeClient();
        else this.#welcomeWorker();
        return;
      case 'challenge': {
        const challenge = { name: 'AuthChallenge', body: { salt: effect.salt } } as const;
        if (this.#client !== null) this.#client.say(challenge);
        else this.#send(encode(challenge));
        return;
      }
      case 'verdict':
        this.#verdict(effect.accepted, effect.strike);
        return;
      case 'admit':
        void this.#admit(effect.name);
        return;
      case 'refuse':
        this.#client?.say({ name: 'RequestResponse', body: { success: false, text: 'not authenticated' } });
        return;
      case 'close':
        this.#closeInTurn(effect.why);
        return;
      default:
        unreachable(effect);
    }
  }

  #welcomeClient(): void {
    this.#client = new ClientLink(this.#desk, this.#clientWire());
    this.#client.say({ name: 'WelcomeClient', body: null });
  }

  #welcomeWorker(): void {
    this.#send('"WelcomeWorker"');
    this.#deadline = this.#desk.clock.after(this.#desk.limits.helloMs, () =>
      this.#hangUp('no answer to the challenge, or no report'),
    );
  }

  #endDeadline(): void {
    this.#deadline?.cancel();
    this.#deadline = null;
  }

  /** A wrong answer is told so only after a pause; nobody is locked out, a whole cluster may share one address (kueue §7.4). */
  #verdict(accepted: boolean, strike: number): void {
    const verdict = { name: 'AuthAccepted', body: accepted } as const;
    const pause = strike === 0 ? 0 : this.#desk.limits.strikeDelayMs * 2 ** (strike - 1);
    if (!accepted) this.#desk.log.info({ address: this.#raw?.remote, strike }, 'kueue:wrong-secret');
    if (this.#client !== null) this.#client.say(verdict, pause);
    else {
      this.#desk.clock.after(pause, () => {
        this.#send(encode(verdict));
        this.#hangUp('wrong secret');
      });
    }
  }

  async #admit(name: string): Promise<void> {
    const worker = new WorkerLink(this.#desk, this.#workerWire(), name, this.#raw?.remote ?? '');
    this.#worker = worker;
    this.#early = [];
    const admitted = await worker.admit();
    if (!admitted) return this.#hangUp('it could not be made known');
    const early = this.#early;
    this.#early = null;
    for (const message of early) this.#hear(message);
  }

  /** A client's end comes after the answers to what it asked before; a wrong worker's after its verdict. */
  #closeInTurn(why: string): void {
    if (this.#client !== null) this.#client.last(() => this.#hangUp(why));
    else if (why !== 'wrong secret') this.#hangUp(why);
  }

  #hangUp(why: string, last?: string): void {
    this.#life = { life: 'over' };
    this.#reader.stop();
    const raw = this.#raw;
    if (raw === null || raw.closed) return;
    this.#desk.log.debug({ address: raw.remote, why }, 'kueue:hung-up');
    raw.close(last === undefined ? undefined : Buffer.from(last));
    void this.#leave();
  }

  /** The peer ended its side: what it asked is still answered. */
  #ended(): void {
    if (this.#client !== null) this.#client.last(() => this.#hangUp('the peer is done'));
    else this.#hangUp('the peer is done');
  }

  #onClosed(why: CloseReason): void {
    this.#desk.log.debug({ address: this.#raw?.remote, why }, 'kueue:closed');
    this.#step({ event: 'closed' });
    void this.#leave().finally(this.#closed);
  }

  #leave(): Promise<void> {
    this.#gone ??= this.#leaveOnce();
    return this.#gone;
  }

  async #leaveOnce(): Promise<void> {
    this.#endDeadline();
    this.#unfinished?.cancel();
    this.#unfinished = null;
    this.#client?.close();
    await this.#worker?.gone(this.#bye);
  }

  #send(text: string): void {
    this.#raw?.send(Buffer.from(text, 'utf8'));
  }

  #pause(): void {
    this.#paused++;
    this.#raw?.pause();
  }

  #resume(): void {
    this.#paused--;
    if (this.#paused === 0) this.#raw?.resume();
  }

  #clientWire(): ClientWire {
    return {
      send: (text) => this.#send(text),
      sendLatest: (key, text) => void this.#raw?.sendLatest(key, Buffer.from(text, 'utf8')),
      ready: () => this.#raw?.whenBelow(this.#desk.limits.unsentBytes) ?? Promise.resolve(false),
      pause: () => this.#pause(),
      resume: () => this.#resume(),
      destroy: () => this.#raw?.destroy(),
    };
  }

  #workerWire(): WorkerWire {
    return {
      send: (message: ToWorker) => {
        const bytes = Buffer.from(encode(message), 'utf8');
        if (bytes.length > this.#desk.limits.trustedMessageBytes + this.#desk.limits.echoBytes / 2) return false;
        this.#raw?.send(bytes);
        return true;
      },
      working: () => this.#endDeadline(),
      close: (why) => this.#hangUp(why),
      pause: () => this.#pause(),
      resume: () => this.#resume(),
    };
  }
}

const notOpen = response(false, 'this server answers without the secret only on its own machine (see its option --open)');

/** The row and the body belong to the same name: TypeScript sees that only where the name is a parameter. */
function serve<N extends FromClient['name']>(client: ClientLink, by: Principal, message: FromClient & { name: N }) {
  const row = clientTable[message.name] as AskRow<unknown>;
  return row.serve(client.asking(by), message.body);
}

function hear(link: WorkerLink, message: FromWorker): void {
  const row = workerTable[message.name] as HearRow<unknown>;
  row.hear(link, message.body);
}
