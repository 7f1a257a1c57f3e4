import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { unreachable } from '../../domain/unreachable.ts';
import type { Timer } from '../../ports/clock.ts';
import type { FirstFrames } from '../kit/first-frames.ts';
import { kitLimits } from '../kit/limits.ts';
import { SendQueue } from '../kit/send-queue.ts';
import { pingFrame, wsFrame } from '../kit/ws-frame.ts';
import { type Close, closeCodes } from './codes.ts';
import { readMessage, readPayload } from './decode.ts';
import type { Desk } from './desk.ts';
import { readGreeting } from './greeting.ts';
import type { Introduction } from './identify.ts';
import { Liveness } from './liveness.ts';
import type { Inbound } from './messages.ts';
import { type Chair, leavePlace, oldPlace, type Place, takePlace } from './place.ts';
import type { Said } from './said.ts';
import { Seat, type SeatLink } from './seat.ts';
import { newSession, type Session, type SessionEffect, type SessionEvent, stepSession } from './session.ts';
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
  readonly #deadline: Timer;
  #session: Session<Place> = newSession;
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
    this.#deadline = clock.after(limits.identifyMs, () => this.end(closeCodes.authFailed));
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
      this.#step({ event: 'gone', broken: false });
      this.#hangUp();
    });
    // Without a close frame (1006) the line broke: whoever said good-bye does not come back.
    websocket.once('close', (code) => this.#closed(code === 1006));
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
  end(close: Close): void {
    this.#step({ event: 'ended', close });
  }

  #step(event: SessionEvent<Place>): void {
    const { session, effects } = stepSession(this.#session, event);
    this.#session = session;
    for (const effect of effects) this.#apply(effect);
  }

  #apply(effect: SessionEffect<Place>): void {
    const { effect: what } = effect;
    if (what === 'read') this.#greet(effect.text);
    else if (what === 'serve') this.#serve(effect.place, effect.text);
    else if (what === 'apologise') this.#answer(errorInternal);
    else if (what === 'in-time') this.#deadline.cancel();
    else if (what === 'claim') this.#claimName(effect.introduction);
    else if (what === 'admit') this.#enter(effect.introduction);
    else if (what === 'count-refusal') this.#countRefusal(effect.close);
    else if (what === 'depart') this.#depart(effect.place, effect.keep);
    else if (what === 'close') this.#close(effect.close);
    else unreachable(effect);
  }

  #close({ code, reason }: Close): void {
    this.#queue.flush();
    this.#queue.close();
    this.#accepted.websocket.close(code, reason);
    this.#hangUp();
  }

  #hangUp(): void {
    this.#force ??= this.#desk.clock.after(kitLimits.goodByeMs, () => this.#accepted.websocket.terminate());
  }

  #receive(data: RawData, binary: boolean): void {
    if (this.#session.name === 'over') return;
    if (!binary) this.#throttle.receive(data as Buffer);
    // Not counted in `seq` (concierge §1).
    else this.#step({ event: 'binary' });
  }

  /** A failure of ours ends nobody else's connection, and this one only while it has no name. */
  #guarded(frame: Buffer): void {
    try {
      this.#step({ event: 'text', text: frame.toString() });
    } catch (error) {
      this.#desk.log.error({ event: 'concierge.failed', err: error });
      this.#step({ event: 'failed' });
    }
  }

  #greet(text: string): void {
    const { desk, firstFrames } = this.#deps;
    const read = readGreeting(desk, firstFrames, { frame: text, address: this.address, named: this.#accepted.named });
    if ('claims' in read) this.#handOver(() => read.take({ ...this.#accepted, text }));
    else if ('code' in read) this.#step({ event: 'refused', close: read });
    else this.#introduced(read);
  }

  #introduced(introduction: Introduction): void {
    const old = oldPlace(this.#desk, introduction);
    if (old === null) {
      this.#step({ event: 'introduced', introduction });
      return;
    }
    const { seat, member, missed, resume } = old;
    const trusted = this.#desk.policy.trusts(this.address, introduction.proven);
    seat.attach(this);
    this.#step({ event: 'seated', place: { member, chair: seat, trusted } });
    this.#hello(member.client.uuid, seat, { resume });
    for (const frame of missed) this.#queue.push(frame);
  }

  #hello(uuid: string, { fileKey }: Chair, more: object): void {
    this.#queue.push(wsFrame('text', hello(uuid, { ...this.#deps.extensions(fileKey), ...more })));
    this.#liveness.begin();
  }

  #claimName({ name }: Introduction): void {
    const holder = this.#desk.hub.named(name);
    if (holder === undefined) {
      this.#step({ event: 'free' });
      return;
    }
    const release = this.#throttle.hold();
    holder.ear.probe((alive) => {
      this.#step({ event: 'probed', alive });
      release();
    });
  }

  #enter(introduction: Introduction): void {
    const place = takePlace(this.#desk, this, introduction, (uuid, chair, more) => this.#hello(uuid, chair, more));
    if (place === null) this.#step({ event: 'refused', close: closeCodes.duplicateAuth });
    else this.#step({ event: 'seated', place });
  }

  #serve({ member, trusted }: Place, frame: string): void {
    const desk = this.#desk;
    const message = readFrame(frame);
    if (typeof message === 'string') {
      this.#answer(message);
      return;
    }
    if (message.type === 'SELF_SET_SEQ') this.#seq = (message as Inbound<'SELF_SET_SEQ'>).seq;
    const answered = answer({ desk, member, trusted, frame }, message);
    this.#answer(typeof answered === 'string' ? answered : answered.answer);
    if (typeof answered !== 'string') desk.deliver(answered.after);
  }

  #answer(inside: Inside): void {
    const frame = wsFrame('text', asAnswer(this.#seq, inside));
    this.#seq = this.#seq >= Number.MAX_SAFE_INTEGER ? 0 : this.#seq + 1;
    const chair = this.#session.name === 'live' ? this.#session.place.chair : null;
    if (chair instanceof Seat) chair.say(frame);
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
    if (this.#session.name === 'over') return;
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

  #countRefusal({ code }: Close): void {
    this.#desk.counters.refused++;
    this.#deps.failed(this.address);
    this.#desk.log.info({ event: 'concierge.refused', code, address: this.address });
  }

  /** The socket is another door's from here on. */
  #handOver(take: () => void): void {
    const { websocket } = this.#accepted;
    this.#step({ event: 'gone', broken: false });
    for (const event of ['message', 'ping', 'pong', 'close', 'error']) websocket.removeAllListeners(event);
    this.#deps.gone(this);
    take();
  }

  #name(): string | null {
    return this.#session.name === 'live' ? this.#session.place.member.client.name : null;
  }

  #depart(place: Place | null, keep: boolean): void {
    this.#deadline.cancel();
    this.#throttle.close();
    if (place !== null) leavePlace(this.#desk, this, place, keep);
    this.#liveness.stop();
  }

  #closed(broken: boolean): void {
    this.#step({ event: 'gone', broken });
    this.#force?.cancel();
    this.#deps.gone(this);
  }
}

/** The message, or what is said to a frame that is none. */
function readFrame(frame: string): Inbound | Inside {
  const payload = readPayload(frame);
  if (typeof payload === 'string') return errorProtocol(payload);
  const message = readMessage(payload);
  if (message === 'unsupported') return plain.unsupported;
  return 'wrong' in message ? errorProtocol(message.wrong) : message;
}
