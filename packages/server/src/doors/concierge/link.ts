import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import type { Member } from '../../hub/member.ts';
import type { Timer } from '../../ports/clock.ts';
import type { FirstFrames } from '../kit/first-frames.ts';
import { kitLimits } from '../kit/limits.ts';
import { SendQueue } from '../kit/send-queue.ts';
import { pingFrame, wsFrame } from '../kit/ws-frame.ts';
import { type Close, closeCodes } from './codes.ts';
import { readMessage, readPayload } from './decode.ts';
import type { Desk } from './desk.ts';
import { type Introduction, readIntroduction } from './identify.ts';
import { Liveness } from './liveness.ts';
import type { Inbound } from './messages.ts';
import type { Ear, Said } from './said.ts';
import { readResume, Seat, type SeatLink } from './seat.ts';
import { answer } from './table.ts';
import { Throttle } from './throttle.ts';
import { asAnswer, errorInternal, errorProtocol, hello, type Inside, plain } from './translate.ts';

/** What a connection is, once the upgrade is done. */
export interface Accepted {
  readonly websocket: WebSocket;
  readonly stream: Duplex;
  readonly address: string;
  /** It asked for a sub-protocol: then it is certainly ours. */
  readonly named: boolean;
}

export interface LinkDeps {
  readonly desk: Desk;
  readonly queuePolicy: 'close' | 'drop-oldest';
  readonly firstFrames: FirstFrames;
  /** HELLO's additional keys. */
  readonly extensions: (fileKey: string) => Readonly<Record<string, unknown>>;
  /** It could not identify itself. */
  readonly failed: (address: string) => void;
  readonly gone: (link: Link) => void;
}

/** Where a client sits in the hub: for itself, or so that it may come back. */
type Place = Seat | { readonly fileKey: string };

type State =
  | { readonly name: 'greeting'; readonly deadline: Timer }
  /** The name is somebody's who may be dead: it is being asked. */
  | { readonly name: 'probing' }
  | { readonly name: 'live'; readonly member: Member<Ear>; readonly seat: Place; readonly trusted: boolean }
  | { readonly name: 'over' };

/** So much may wait for a client that is told more (`ready`). */
const readyBytes = 262_144;

/** One client's socket, from the upgrade to its end. */
export class Link implements SeatLink {
  readonly address: string;
  readonly #deps: LinkDeps;
  readonly #desk: Desk;
  readonly #accepted: Accepted;
  readonly #queue: SendQueue;
  readonly #throttle: Throttle;
  readonly #liveness: Liveness;
  #state: State;
  /** Number of the next text frame (concierge §3.5). */
  #seq = 0;
  #force: Timer | null = null;

  constructor(accepted: Accepted, deps: LinkDeps) {
    const { desk, queuePolicy } = deps;
    const { clock, limits } = desk;
    const { websocket, stream } = accepted;
    this.address = accepted.address;
    this.#accepted = accepted;
    this.#deps = deps;
    this.#desk = desk;
    const onOverflow = (): void => this.#desk.afterwards(() => this.#overflow());
    this.#queue = new SendQueue(stream, { limit: limits.queueBytes, onFull: queuePolicy, onOverflow });
    this.#throttle = new Throttle(websocket, clock, limits, (frame) => this.#guarded(frame));
    const deadline = clock.after(limits.identifyMs, () => this.end(closeCodes.authFailed));
    this.#state = { name: 'greeting', deadline };
    this.#liveness = new Liveness({
      ...{ clock, limits, throttle: this.#throttle },
      ping: () => this.#ping(),
      failed: () => this.#silent(),
    });
    websocket.on('message', (data, binary) => this.#receive(data, binary));
    websocket.on('ping', () => this.#liveness.sign());
    websocket.on('pong', () => this.#liveness.sign());
    // What the peer sent was no WebSocket frame, or too long: ws has said so (1002, 1007, 1009) and closes.
    websocket.on('error', () => {
      this.#leave(false);
      this.#hangUp();
    });
    websocket.once('close', (code) => this.#closed(code));
  }

  /** Messages that were left out because it did not read. */
  get dropped(): number {
    return this.#queue.dropped;
  }

  hear(said: Said): void {
    if (said.latest !== null) this.#queue.pushLatest(said.latest, said.frame);
    else if (said.kind === 'message') this.#queue.pushDroppable(said.frame);
    else this.#queue.push(said.frame);
  }

  send(frame: Buffer): void {
    this.#queue.push(frame);
  }

  displace(): void {
    this.end(closeCodes.heartbeatFailed);
  }

  probe(call: (alive: boolean) => void): void {
    this.#liveness.probe(call);
  }

  ready(): Promise<boolean> {
    return this.#queue.whenBelow(readyBytes);
  }

  remove(): void {
    this.end(closeCodes.removed);
  }

  /** Leaves the hub now, says why, hangs up; by force if the peer does not. Idempotent. */
  end({ code, reason }: Close): void {
    if (this.#force !== null) return;
    this.#leave(code === closeCodes.heartbeatFailed.code);
    this.#queue.flush();
    this.#queue.close();
    const { websocket } = this.#accepted;
    websocket.close(code, reason);
    this.#hangUp();
  }

  #hangUp(): void {
    this.#force ??= this.#desk.clock.after(kitLimits.goodByeMs, () => this.#accepted.websocket.terminate());
  }

  #receive(data: RawData, binary: boolean): void {
    const { name } = this.#state;
    if (name === 'over') return;
    if (!binary) this.#throttle.receive(data as Buffer);
    // Not counted in `seq` (concierge §1).
    else if (name === 'greeting') this.#refuse(closeCodes.noAuth);
  }

  /** A failure of ours ends nobody else's connection, and this one only while it has no name. */
  #guarded(frame: Buffer): void {
    try {
      this.#take(frame.toString());
    } catch (error) {
      this.#desk.log.error({ event: 'concierge.failed', err: error });
      if (this.#state.name === 'live') this.#answer(errorInternal);
      else this.end(closeCodes.unknown);
    }
  }

  #take(frame: string): void {
    const state = this.#state;
    if (state.name === 'greeting') this.#greet(frame);
    else if (state.name === 'live') this.#serve(state, frame);
  }

  #greet(frame: string): void {
    const { desk, firstFrames } = this.#deps;
    const { policy, limits } = desk;
    if (!this.#accepted.named) {
      if (frame.length > limits.firstFrameBytes) {
        this.#refuse(closeCodes.fatalDecode);
        return;
      }
      const payload = readPayload(frame);
      const claimant = typeof payload === 'string' ? null : firstFrames.claimant(payload.fields);
      if (claimant !== null) {
        this.#handOver(() => claimant.take({ ...this.#accepted, text: frame }));
        return;
      }
    }
    const { address } = this;
    const read = readIntroduction(frame, {
      secretFits: policy.secretFits,
      mustProve: policy.mustProve(address),
      mayHave: (name, proven) => policy.mayHave(name, policy.trusts(address, proven)),
    });
    if ('code' in read) {
      this.#refuse(read);
      return;
    }
    if (!this.#comesBack(read)) this.#claimName(read);
  }

  /** Takes up its old place, if that is there and what it missed is known. */
  #comesBack({ name, fields, proven }: Introduction): boolean {
    const resume = readResume(fields.resume);
    if (resume === null || resume === 'begin') return false;
    const seat = this.#desk.seats.get(resume.token);
    const missed = seat?.recorder.since(resume.offset) ?? null;
    if (seat === undefined || seat.member?.client.name !== name || missed === null) return false;
    if (this.#state.name === 'greeting') this.#state.deadline.cancel();
    const { member } = seat;
    seat.attach(this);
    this.#state = { name: 'live', member, seat, trusted: this.#desk.policy.trusts(this.address, proven) };
    this.#hello(member.client.uuid, seat, { resume: { token: seat.token, recovered: true, offset: resume.offset } });
    for (const frame of missed) this.#queue.push(frame);
    return true;
  }

  #hello(uuid: string, { fileKey }: Place, more: object): void {
    this.#queue.push(wsFrame('text', hello(uuid, { ...this.#deps.extensions(fileKey), ...more })));
    this.#liveness.begin();
  }

  #claimName(introduction: Introduction): void {
    const holder = this.#desk.hub.named(introduction.name);
    if (holder === undefined) {
      this.#enter(introduction);
      return;
    }
    // It identified itself in time; what is left is not its doing.
    if (this.#state.name === 'greeting') this.#state.deadline.cancel();
    this.#state = { name: 'probing' };
    const release = this.#throttle.hold();
    holder.ear.probe((alive) => {
      if (this.#state.name !== 'probing') return;
      if (alive) this.#refuse(closeCodes.duplicateAuth);
      // The connection is given up; its place may still be kept for it, and is asked for next.
      else this.#claimName(introduction);
      release();
    });
  }

  #enter({ name, nickname, tags, proven, fields }: Introduction): void {
    const desk = this.#desk;
    const { uuid, fileKey } = { uuid: desk.random.uuid(), fileKey: desk.random.uuid() };
    if (this.#state.name === 'greeting') this.#state.deadline.cancel();
    const seat: Place = readResume(fields.resume) === null ? { fileKey } : new Seat(desk, this, fileKey);
    const ear = seat instanceof Seat ? seat : this;
    const more = seat instanceof Seat ? { resume: { token: seat.token, recovered: false, offset: 0 } } : {};
    const member = desk.enter({ uuid, name, nickname, tags }, ear, fileKey, () => this.#hello(uuid, seat, more));
    if (member === null) {
      this.#refuse(closeCodes.duplicateAuth);
      return;
    }
    if (seat instanceof Seat) seat.sit(member);
    this.#state = { name: 'live', member, seat, trusted: desk.policy.trusts(this.address, proven) };
    desk.log.info({ event: 'concierge.joined', client: name, uuid });
  }

  #serve(state: State & { name: 'live' }, frame: string): void {
    const payload = readPayload(frame);
    if (typeof payload === 'string') {
      this.#answer(errorProtocol(payload));
      return;
    }
    const message = readMessage(payload);
    if (message === 'unsupported') {
      this.#answer(plain.unsupported);
      return;
    }
    if ('wrong' in message) {
      this.#answer(errorProtocol(message.wrong));
      return;
    }
    if (message.type === 'SELF_SET_SEQ') this.#seq = (message as Inbound<'SELF_SET_SEQ'>).seq;
    const { desk, member, trusted } = { desk: this.#desk, ...state };
    const answered = answer({ desk, member, trusted, frame }, message);
    if (typeof answered === 'string') {
      this.#answer(answered);
      return;
    }
    this.#answer(answered.answer);
    desk.deliver(answered.after);
  }

  #answer(inside: Inside): void {
    const frame = wsFrame('text', asAnswer(this.#seq, inside));
    this.#seq = this.#seq >= Number.MAX_SAFE_INTEGER ? 0 : this.#seq + 1;
    const state = this.#state;
    if (state.name === 'live' && state.seat instanceof Seat) state.seat.say(frame);
    else this.#queue.push(frame);
    this.#throttle.charge(frame.length);
    if (this.#queue.waiting > this.#desk.limits.answerBytes) this.#slowDown();
  }

  /** It asks faster than it reads: its next frames wait until it has read, or for a moment. */
  #slowDown(): void {
    const { clock, limits } = this.#desk;
    const release = this.#throttle.hold();
    const timer = clock.after(limits.answerPauseMs, release);
    void this.#queue.whenBelow(limits.answerBytes / 2).then(() => {
      timer.cancel();
      release();
    });
  }

  #overflow(): void {
    if (this.#state.name === 'over') return;
    this.#desk.counters.slow++;
    this.#desk.log.warn({ event: 'concierge.slow-consumer', client: this.#name() });
    this.end(closeCodes.slowConsumer);
  }

  #silent(): void {
    this.#desk.counters.silent++;
    this.end(closeCodes.heartbeatFailed);
  }

  /** Past the queue: a Pong that waits behind megabytes would be no sign of life. It stands between whole frames. */
  #ping(): void {
    const { stream } = this.#accepted;
    if (!stream.destroyed && !stream.writableEnded) stream.write(pingFrame);
  }

  #refuse(close: Close): void {
    this.#desk.counters.refused++;
    this.#deps.failed(this.address);
    this.#desk.log.info({ event: 'concierge.refused', code: close.code, address: this.address });
    this.end(close);
  }

  /** The socket is another door's from here on. */
  #handOver(take: () => void): void {
    const { websocket } = this.#accepted;
    this.#leave(false);
    for (const event of ['message', 'ping', 'pong', 'close', 'error']) websocket.removeAllListeners(event);
    this.#deps.gone(this);
    take();
  }

  #name(): string | null {
    return this.#state.name === 'live' ? this.#state.member.client.name : null;
  }

  /** Out of the hub, unless it may come back (`keep`) and asked for that; nothing is heard of it any more. Idempotent. */
  #leave(keep: boolean): void {
    const state = this.#state;
    if (state.name === 'over') return;
    this.#state = { name: 'over' };
    if (state.name === 'greeting') state.deadline.cancel();
    this.#throttle.close();
    if (state.name === 'live') {
      if (state.seat instanceof Seat) state.seat.detach(this, keep);
      else this.#desk.leave(state.member, state.seat.fileKey);
    }
    this.#liveness.stop();
  }

  /** Without a close frame (1006) the line broke: whoever said good-bye does not come back. */
  #closed(code: number): void {
    this.#leave(code === 1006);
    this.#force?.cancel();
    this.#deps.gone(this);
  }
}
