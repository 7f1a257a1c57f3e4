import type { AccountIdentity } from '../../auth/accounts.ts';
import type { Desk } from './desk.ts';
import { type Accepted, Talk } from './talk.ts';
import type { UserActions } from './user-actions.ts';
import { type Dialect, type Frame, frameText, isKnownType, legacyText, readFrame, requestId, tooManyRequests } from './wire.ts';

export interface UserLinkDeps {
  readonly desk: Desk;
  readonly actions: UserActions;
  /** It failed; true: too often. */
  readonly failed: (address: string) => boolean;
  /** It has shown its token, and hears how things are. */
  readonly known: (link: UserLink) => void;
  readonly gone: (link: UserLink) => void;
}

/** One user's socket, in the dialect of its first frame (printerlynx §1.2–§1.5). */
export class UserLink {
  readonly #deps: UserLinkDeps;
  readonly #talk: Talk;
  #failures = 0;
  #dialect: Dialect | null = null;
  identity: AccountIdentity | null = null;

  constructor(accepted: Accepted, deps: UserLinkDeps) {
    const { desk } = deps;
    this.#deps = deps;
    this.#talk = new Talk(accepted, desk.limits.userRate, desk, {
      heard: (text) => this.#heard(text),
      early: (text) => this.#early(text),
      tooMany: (text) => this.#tooMany(text),
      fits: () => this.#fits(),
      gone: () => deps.gone(this),
      failed: (error) => desk.log.error({ event: 'printerlynx.user', err: error }),
    });
  }

  get dialect(): Dialect {
    return this.#dialect ?? 'seed';
  }

  /** A frame that another door read first. */
  begin(text: string): void {
    this.#talk.receive(Buffer.from(text), false);
  }

  /** Newest wins as long as it waits. */
  tell(key: string, frame: Buffer): void {
    this.#talk.sayLatest(key, frame);
  }

  close(code: number, reason: string): void {
    this.#talk.close(code, reason);
  }

  async #heard(text: string | null): Promise<void> {
    const read = text === null ? null : readFrame(text);
    if (read === null || read.is === 'invalid') return this.#invalid(read);
    // The first one that can be read decides.
    this.#dialect ??= read.dialect;
    if (read.dialect !== this.#dialect) return this.#invalid(null);
    if (read.dialect === 'legacy') return this.#legacy(read.frame.type, read.body);
    await this.#seed(read.frame);
  }

  #invalid(read: { readonly dialect: Dialect; readonly type: string } | null): void {
    const dialect = this.#dialect ?? read?.dialect;
    if (dialect === 'legacy') this.#talk.say(legacyText('Error', 'Error parsing message'));
    else
      this.#say({ type: read?.dialect === 'seed' ? read.type : 'error', data: { status: 'ERROR', message: 'Invalid message' } });
  }

  async #seed(frame: Frame): Promise<void> {
    const { type, data } = frame;
    if (type === 'authentication') return this.#authenticate(data);
    const { identity } = this;
    if (identity === null && isKnownType(type)) return this.#answer(frame, 'Session not authenticated');
    if (identity === null || (type !== 'print_job' && type !== 'printer_command')) return this.#answer(frame, 'Invalid message');
    this.#answer(frame, await this.#deps.actions[type](identity.principal, data));
  }

  #answer({ type, data }: Frame, message: string | null): void {
    const answer = message === null ? { status: 'OK' } : { status: 'ERROR', message };
    this.#say({ type, data: { ...answer, ...requestId(data) } });
  }

  /** An emergency stop does not wait for what was asked before it (printerlynx §5.4). */
  #early(text: string): (() => void) | null {
    const { identity } = this;
    if (identity === null || this.#dialect === 'legacy' || text.length > 1_000 || !/M0*112/i.test(text)) return null;
    const read = readFrame(text);
    if (read.is === 'invalid' || read.frame.type !== 'printer_command') return null;
    const { frame } = read;
    const message = this.#deps.actions.stopAtOnce(identity.principal, frame.data);
    return message === undefined ? null : () => this.#answer(frame, message);
  }

  /** Its token may be over; no timer lasts as long as one (printerlynx §1.6). */
  #fits(): boolean {
    const { identity } = this;
    if (identity === null || identity.session.expiresAt > this.#deps.desk.clock.now()) return true;
    this.close(4401, 'This token has expired');
    return false;
  }

  async #authenticate(data: Frame['data']): Promise<void> {
    const token = typeof data['token'] === 'string' ? data['token'] : '';
    const found = await this.#deps.desk.accounts.verify(token);
    const say = (answer: Readonly<Record<string, string>>): void =>
      this.#say({ type: 'authentication', data: { ...answer, ...requestId(data) } });
    if (this.identity !== null) {
      const same = found?.account.id === this.identity.account.id;
      return say(same ? { status: 'OK' } : { status: 'ERROR', message: 'Already authenticated' });
    }
    if (found === null) {
      const agent = this.#deps.desk.agents.byToken(token.toLowerCase()) !== null;
      say({ status: 'ERROR', message: agent ? 'Agent tokens must use /api/v1/ws/agent' : 'Invalid token' });
      return this.#failed();
    }
    say({ status: 'OK' });
    this.#enter(found);
  }

  /** The front end's words (printerlynx §1.4); after that it only listens. */
  async #legacy(type: string, body: string): Promise<void> {
    const say = (kind: string, text: string): void => this.#talk.say(legacyText(kind, text));
    if (type !== 'UserAuthentication') {
      if (this.identity === null) say('Error', 'Session not authenticated');
      return;
    }
    const known = this.identity ?? (await this.#deps.desk.accounts.verify(body));
    if (known === null) {
      say('Error', 'Invalid token');
      return this.#failed();
    }
    say('UserAuthentication', JSON.stringify({ uuid: known.account.id, authenticated: true }));
    if (this.identity === null) this.#enter(known);
  }

  #enter(identity: AccountIdentity): void {
    // It may have left while its token was looked at.
    if (this.#talk.over) return;
    this.identity = identity;
    this.#talk.welcome();
    this.#deps.known(this);
  }

  #failed(): void {
    const often = this.#deps.failed(this.#talk.address);
    if (++this.#failures >= this.#deps.desk.limits.failures || often) this.close(4401, 'Invalid token');
  }

  #tooMany(text: string | null): void {
    if (this.#dialect === 'legacy') this.#talk.say(legacyText('Error', 'Too many requests'));
    else this.#say(tooManyRequests(text));
  }

  #say(frame: Frame): void {
    this.#talk.say(frameText('seed', frame));
  }
}
