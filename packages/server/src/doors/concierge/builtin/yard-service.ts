import type { JobRequest } from '@switchyard/sdk/job.ts';
import type { Change, ChangeKind } from '../../../domain/change.ts';
import { type Refusal, type Result, refuse } from '../../../domain/errors.ts';
import type { Job } from '../../../domain/job.ts';
import type { JobPlan } from '../../../domain/plan.ts';
import type { Principal } from '../../../domain/principal.ts';
import type { Engine, FeedFilter } from '../../../engine/engine.ts';
import type { Member, Service } from '../../../hub/member.ts';
import type { Authenticator } from '../../kit/door.ts';
import type { Desk } from '../desk.ts';
import { type Ear, type Relayed, Said } from '../said.ts';
import { messageText } from '../translate.ts';
import { type Request, type RequestType, readRequest } from './requests.ts';

export const yardName = 'switchyard';

export interface YardServiceDeps {
  readonly desk: Desk;
  readonly engine: Engine;
  readonly auth: Authenticator;
  /** From `kinds/`: the request has passed its schema. */
  readonly compile: (request: JobRequest) => Result<JobPlan> | Promise<Result<JobPlan>>;
}

/** What is known of a subscriber that gave a token. */
interface Grant {
  readonly by: Principal;
  readonly token: string;
  checkedAt: number;
  watching: AbortController | null;
}

/** A token that was revoked is noticed after so long, ms. */
const recheckMs = 30_000;

/**
 * The service `switchyard`: jobs, tasks and workers of this server, for subscribers that give a token; it hears and says what
 * everybody else in the hub could. Nothing is sent to all: each gets what its token may see.
 */
export class YardService implements Ear {
  readonly address = '';
  readonly #deps: YardServiceDeps;
  readonly #grants = new Map<string, Grant>();
  readonly #member: Member<Ear>;
  readonly #service: Service<Ear>;
  readonly #fileKey: string;

  constructor(deps: YardServiceDeps) {
    const { desk } = deps;
    this.#deps = deps;
    this.#fileKey = desk.random.uuid();
    const client = { uuid: desk.random.uuid(), name: yardName, nickname: 'Switchyard', tags: ['service', 'builtin'] };
    const member = desk.enter(client, this, this.#fileKey, () => {});
    if (member === null) throw new Error(`the name ${yardName} is taken before anybody could come`);
    this.#member = member;
    const created = desk.hub.create(member, yardName, 'Switchyard');
    this.#service = created.service;
    desk.onLeft.add((uuid) => this.#forget(uuid));
  }

  hear({ relayed }: Said): void {
    if (relayed !== null) this.#deps.desk.afterwards(() => this.#take(relayed));
  }

  probe(call: (alive: boolean) => void): void {
    call(true);
  }

  async ready(): Promise<boolean> {
    return true;
  }

  /** It is the server's own: `concierge.service` turns it off. */
  remove(): void {}

  close(): void {
    for (const uuid of [...this.#grants.keys()]) this.#forget(uuid);
    this.#deps.desk.leave(this.#member, this.#fileKey);
  }

  #forget(uuid: string): void {
    this.#grants.get(uuid)?.watching?.abort();
    this.#grants.delete(uuid);
  }

  #take({ from, data }: Relayed): void {
    // Messages by name or to all are heard too; only what comes through the service is meant for it.
    const member = this.#deps.desk.hub.member(from);
    if (member === undefined || !this.#service.subscribers.has(member)) return;
    const read = readRequest(data);
    if (read.refusal !== undefined) {
      this.#refuse(member, null, read.refusal);
      return;
    }
    const request = read.value;
    this.#answer(member, request).catch((error: unknown) => {
      this.#deps.desk.log.error({ event: 'concierge.service-failed', err: error });
      this.#refuse(member, request, refuse('internal', 'The log of the server says what went wrong').refusal);
    });
  }

  async #answer(member: Member<Ear>, request: Request): Promise<void> {
    if (request.type === 'AUTH') {
      await this.#authenticate(member, request);
      return;
    }
    const grant = await this.#grantOf(member.client.uuid);
    if (grant === null) {
      this.#refuse(member, request, refuse('unauthenticated', 'Send AUTH with a token first').refusal);
      return;
    }
    const result = await this.#handlers[request.type](member, grant, request as never);
    if (result.refusal === undefined) this.#reply(member, request, result.value);
    else this.#refuse(member, request, result.refusal);
  }

  readonly #handlers: {
    readonly [N in Exclude<RequestType, 'AUTH'>]: (
      member: Member<Ear>,
      grant: Grant,
      request: Request<N>,
    ) => Promise<Result<object>> | Result<object>;
  } = {
    WATCH: (member, grant, request) => this.#watch(member, grant, request),
    UNWATCH: (_member, grant) => {
      grant.watching?.abort();
      grant.watching = null;
      return { value: {} };
    },
    SUBMIT: async (_member, { by }, { request }) => {
      const plan = await this.#deps.compile(request);
      if (plan.refusal !== undefined) return plan;
      const submitted = await this.#deps.engine.submit(by, plan.value);
      return submitted.refusal === undefined ? { value: { job: jobFacts(submitted.value.job) } } : submitted;
    },
    CANCEL: async (_member, { by }, { job, kill = false }) => {
      const canceled = await this.#deps.engine.command(by, 'cancel', { job, kill });
      return canceled.refusal === undefined ? { value: { job: jobFacts(canceled.value.job) } } : canceled;
    },
  };

  async #authenticate(member: Member<Ear>, request: Request<'AUTH'>): Promise<void> {
    const { auth, desk } = this.#deps;
    const { address } = member.ear;
    // A right token passes whatever others on its address do; tokens are not guessed.
    const by = await auth.token(request.token, address);
    if (by === null) {
      if (!auth.throttled(address)) auth.failed(address);
      this.#refuse(member, request, refuse('unauthenticated', 'This token is unknown, expired or revoked').refusal);
      return;
    }
    // It may have gone meanwhile.
    if (desk.hub.member(member.client.uuid) !== member) return;
    this.#forget(member.client.uuid);
    this.#grants.set(member.client.uuid, { by, token: request.token, checkedAt: desk.clock.monotonic(), watching: null });
    this.#reply(member, request, { name: by.name, rights: by.rights, scope: by.scope });
  }

  /** The grant, if its token still stands. */
  async #grantOf(uuid: string): Promise<Grant | null> {
    const { auth, desk } = this.#deps;
    const grant = this.#grants.get(uuid);
    if (grant === undefined) return null;
    const now = desk.clock.monotonic();
    if (now - grant.checkedAt < recheckMs) return grant;
    grant.checkedAt = now;
    if ((await auth.token(grant.token, desk.hub.member(uuid)?.ear.address ?? '')) !== null) return grant;
    this.#forget(uuid);
    return null;
  }

  #watch(member: Member<Ear>, grant: Grant, { job, task, worker, kinds, since }: Request<'WATCH'>): Result<object> {
    const filter: FeedFilter = {
      ...(job === undefined ? {} : { job }),
      ...(task === undefined ? {} : { task }),
      ...(worker === undefined ? {} : { worker }),
      ...(kinds === undefined ? {} : { kinds: kinds as ChangeKind[] }),
    };
    grant.watching?.abort();
    const watching = new AbortController();
    grant.watching = watching;
    const { engine, desk } = this.#deps;
    const from = since ?? engine.feed.newest;
    this.#follow(member, grant.by, filter, from, watching.signal).catch((error: unknown) => {
      desk.log.error({ event: 'concierge.service-failed', err: error });
    });
    return { value: { since: from } };
  }

  /** At the reader's speed: what it has not read is not in memory twice. */
  async #follow(member: Member<Ear>, by: Principal, filter: FeedFilter, since: number, signal: AbortSignal): Promise<void> {
    for await (const news of this.#deps.engine.feed.follow(by, filter, since, signal)) {
      const stands = (await this.#grantOf(member.client.uuid)) !== null && (await member.ear.ready());
      if (signal.aborted || !stands || !this.#service.subscribers.has(member)) break;
      if ('reset' in news) this.#tell(member, JSON.stringify({ type: 'RESET', since: news.reset }));
      else for (const change of news.changes) this.#tell(member, changeText(change));
    }
  }

  #reply(member: Member<Ear>, { type, id }: Request, value: object): void {
    this.#tell(member, JSON.stringify({ type: `${type}_RESULT`, ...(id === undefined ? {} : { id }), ...value }));
  }

  #refuse(member: Member<Ear>, request: Request | null, { code, detail, at }: Refusal): void {
    const id = request?.id === undefined ? {} : { id: request.id };
    this.#tell(member, JSON.stringify({ type: 'REFUSED', ...id, code, detail, ...(at === undefined ? {} : { at }) }));
  }

  #tell(member: Member<Ear>, data: string): void {
    const { desk } = this.#deps;
    if (desk.hub.member(member.client.uuid) !== member) return;
    const target = { to: 'service-client', service: yardName, uuid: member.client.uuid } as const;
    const text = messageText(this.#member.client, this.#service, target, data, desk.limits);
    desk.say(new Said(text, 'event'), [member], null);
  }
}

function jobFacts({ id, name, kind, state, firstTask }: Job): object {
  return { id, name, kind, state, first_task: firstTask };
}

function changeText({ number, at, kind, job, task, worker, json }: Change): string {
  const head = JSON.stringify({ type: 'CHANGE', number, at: new Date(at).toISOString(), kind, job, task, worker });
  return `${head.slice(0, -1)},"data":${json}}`;
}
