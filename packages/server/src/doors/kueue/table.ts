import type { Right } from '../../domain/principal.ts';
import { cleanJobs } from './client/clean-jobs.ts';
import { issueJob } from './client/issue-job.ts';
import { listJobs } from './client/list-jobs.ts';
import { listResources } from './client/list-resources.ts';
import { observeJob } from './client/observe-job.ts';
import { removeJob } from './client/remove-job.ts';
import type { Asking, Reply } from './client/reply.ts';
import { showJob } from './client/show-job.ts';
import { listWorkers, showWorker } from './client/workers.ts';
import type { Bodies, FromClient, FromWorker, fromClient, fromWorker, toClient, toWorker } from './messages.ts';
import { endingOf } from './translate-report.ts';
import type { WorkerLink } from './worker/worker-link.ts';

/**
 * The protocol: what each message of a peer needs, does and is answered with. Schemas stand under the same names in
 * `messages.ts`; who may say what, when, is stepped in `session.ts`.
 */

/** A word about the connection itself: an event of its life. */
interface LifeRow {
  readonly life: 'auth-request' | 'auth-response' | 'bye';
  readonly answers: readonly (keyof typeof toClient)[];
}

export interface AskRow<B> {
  readonly life: 'request';
  /** Only for those who know the secret (kueue §3). */
  readonly privileged: boolean;
  readonly right: Right;
  /** Commands and queries of the engine, for people. */
  readonly engine: string;
  readonly answers: readonly (keyof typeof toClient)[];
  /** Several in a row run together. */
  readonly parallel?: true;
  serve(asking: Asking, body: B): Promise<Reply>;
}

export interface HearRow<B> {
  readonly life: 'request';
  readonly right: Right;
  readonly engine: string;
  readonly answers: readonly (keyof typeof toWorker)[];
  hear(link: WorkerLink, body: B): void;
}

type ClientTable = { readonly [K in FromClient['name']]: AskRow<Bodies<typeof fromClient>[K]> | LifeRow };
type WorkerTable = { readonly [K in FromWorker['name']]: HearRow<Bodies<typeof fromWorker>[K]> | LifeRow };

const open = { life: 'request', privileged: false } as const;
const secret = { life: 'request', privileged: true } as const;

export const clientTable: ClientTable = {
  AuthRequest: { life: 'auth-request', answers: ['AuthChallenge'] },
  AuthResponse: { life: 'auth-response', answers: ['AuthAccepted'] },
  IssueJob: {
    ...secret,
    right: 'job:submit',
    engine: 'submit',
    answers: ['AcceptJob', 'RejectJob'],
    parallel: true,
    serve: issueJob,
  },
  RemoveJob: { ...secret, right: 'job:control', engine: 'task, stop', answers: ['RequestResponse'], serve: removeJob },
  CleanJobs: { ...secret, right: 'job:control', engine: 'clean', answers: ['RequestResponse'], serve: cleanJobs },
  ListJobs: { ...open, right: 'job:read', engine: 'tasks, makeups, tallies', answers: ['JobList'], serve: listJobs },
  ShowJob: { ...open, right: 'job:read', engine: 'task, logs.read', answers: ['JobInfo', 'RequestResponse'], serve: showJob },
  ObserveJob: { ...open, right: 'job:read', engine: 'task, feed', answers: ['JobUpdated', 'RequestResponse'], serve: observeJob },
  ListWorkers: { ...open, right: 'worker:read', engine: 'workers, held', answers: ['WorkerList'], serve: listWorkers },
  ShowWorker: {
    ...open,
    right: 'worker:read',
    engine: 'worker, held',
    answers: ['WorkerInfo', 'RequestResponse'],
    serve: showWorker,
  },
  ListResources: { ...open, right: 'pool:read', engine: 'pools', answers: ['ResourceList'], serve: listResources },
  Bye: { life: 'bye', answers: [] },
};

const work = { life: 'request', right: 'worker:run' } as const;

export const workerTable: WorkerTable = {
  AuthResponse: { life: 'auth-response', answers: ['AuthAccepted'] },
  UpdateSystemInfo: {
    ...work,
    engine: 'refresh',
    answers: [],
    hear: (link, body) => link.hearSystem(body),
  },
  UpdateResources: {
    ...work,
    engine: 'refresh, sessions.attach',
    answers: ['OfferJob'],
    hear: (link, body) => link.hearRoom(body),
  },
  AcceptJobOffer: {
    ...work,
    engine: 'accept',
    answers: ['ConfirmJobOffer', 'WithdrawJobOffer'],
    hear: (link, { job_id }) => link.hearJob(job_id, { event: 'accept' }),
  },
  DeferJobOffer: {
    ...work,
    engine: 'decline',
    answers: [],
    hear: (link, { job_id }) => link.hearJob(job_id, { event: 'defer' }),
  },
  RejectJobOffer: {
    ...work,
    engine: 'decline',
    answers: [],
    hear: (link, { job_id }) => link.hearJob(job_id, { event: 'reject' }),
  },
  UpdateJobStatus: {
    ...work,
    engine: '(held for the results)',
    answers: [],
    hear: (link, { job_id, status }) => link.hearJob(job_id, { event: 'status', ending: endingOf(status) }),
  },
  UpdateJobResults: {
    ...work,
    engine: 'logs.append, end',
    answers: [],
    hear: (link, { job_id, stdout_text, stderr_text }) =>
      link.hearResults(job_id, { out: stdout_text ?? null, err: stderr_text ?? null }),
  },
  Bye: { life: 'bye', answers: [] },
};
