import type { AccountIdentity } from '../../auth/accounts.ts';
import type { Desk } from './desk.ts';
import { type Accepted, Talk } from './talk.ts';
import type { UserActions } from './user-actions.ts';
import { type Dialect, type Frame, frameText, legacyText, readFrame, requestId } from './wire.ts';

export interface UserLinkDeps {
  readonly desk: Desk;
  readonly actions: UserActions;
  readonly throttled: (address: string) => boolean;
  readonly failed: (address: string) => void;
  /** It has shown its token, and hears how things are. */
  readonly known: (link: UserLink) => void;
  readonly gone: (link: UserLink) => void;
}

/** One user's socket, in the dialect of its first frame (printerlynx §1.2–§1.5). */
export class UserLink {
  readonly #deps: UserLinkDeps;
  readonly #talk: Talk;
  #failures = 0;
  dialect: Dialect = 'seed';
  identity: AccountIdentity | null = null;

  constructor(accepted: Accepted, deps: UserLinkDeps) {
    const { desk } = deps;
    this.#deps = deps;
    this.#talk = new Talk(accepted, desk.limits.userRate, desk, {
      heard: (text) => this.#heard(text),
      tooMany: () => this.#tooMany(),
      gone: () => deps.gone(this),
      failed: (error) => desk.log.error({ event: 'printerlynx.user', err: error }),
    });
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
    if (read === null || read.is === 'invalid') {
      return this.dialect === 'legacy'
        ? this.#talk.say(legacyText('Error', 'Error parsing message'))
        : this.#say({ type: read?.type ?? 'error', data: { status: 'ERROR', message: 'Invalid message' } });
    }
    this.dialect = read.dialect;
    if (read.dialect === 'legacy') return this.#legacy(read.frame.type, read.body);
    await this.#seed(read.frame);
  }

  async #seed(frame: Frame): Promise<void> {
    const { type, data } = frame;
    if (type === 'authentication') return this.#authenticate(data);
    if (type !== 'print_job' && type !== 'printer_command') {
      return this.#say({ type, data: { status: 'ERROR', message: 'Invalid message', ...requestId(data) } });
    }
    const { identity } = this;
    const message = identity === null ? 'Session not authenticated' : await this.#deps.actions[type](identity.principal, data);
    const answer = message === null ? { status: 'OK' } : { status: 'ERROR', message };
    this.#say({ type, data: { ...answer, ...requestId(data) } });
  }

  async #authenticate(data: Frame['data']): Promise<void> {
    const token = typeof data['token'] === 'string' ? data['token'] : '';
    const found = await this.#prove(token);
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
  async #legacy(type: string, body: unknown): Promise<void> {
    const say = (kind: string, text: string): void => this.#talk.say(legacyText(kind, text));
    if (type !== 'UserAuthentication') {
      if (this.identity === null) say('Error', 'Session not authenticated');
      return;
    }
    const known = this.identity ?? (await this.#prove(typeof body === 'string' ? body : ''));
    if (known === null) {
      say('Error', 'Invalid token');
      return this.#failed();
    }
    say('UserAuthentication', JSON.stringify({ uuid: known.account.id, authenticated: true }));
    if (this.identity === null) this.#enter(known);
  }

  async #prove(token: string): Promise<AccountIdentity | null> {
    const { desk, throttled } = this.#deps;
    return throttled(this.#talk.address) ? null : desk.accounts.verify(token);
  }

  #enter(identity: AccountIdentity): void {
    this.identity = identity;
    this.#talk.welcome();
    this.#deps.known(this);
  }

  #failed(): void {
    this.#deps.failed(this.#talk.address);
    if (++this.#failures >= this.#deps.desk.limits.failures) this.close(4401, 'Invalid token');
  }

  #tooMany(): void {
    if (this.dialect === 'legacy') this.#talk.say(legacyText('Error', 'Too many requests'));
    else this.#say({ type: 'error', data: { status: 'ERROR', message: 'Too many requests' } });
  }

  #say(frame: Frame): void {
    this.#talk.say(frameText('seed', frame));
  }
}
