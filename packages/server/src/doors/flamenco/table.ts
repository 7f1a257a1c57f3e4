import Type from 'typebox';
import type { HttpRow, RowRequest } from '../kit/http-row.ts';
import type { Login } from './dialect.ts';
import type { FlamencoLimits } from './limits.ts';
import {
  FileProduced,
  MayKeepRunningResponse,
  StatusReport,
  TaskDoc,
  WorkerDoc,
  WorkerRegistration,
  WorkerSignonDoc,
  WorkerStatusDoc,
} from './messages.ts';
import type { UserHandlers } from './user-handlers.ts';
import type { WorkerHandlers } from './worker-handlers.ts';

/** A row, and who may ask: anybody, a worker by its id and secret, or a person by a token. */
export type FlamencoRow = HttpRow & { readonly login: Login };

const ErrorDoc = Type.Object({ error: Type.String() });
const none = { parser: 'none', bodyLimit: 0, cors: null, tags: ['flamenco'] } as const;

/** The whole protocol (flamenco §2). The worker always asks with POST; GET of `/task` is for clients written from the document. */
export function flamencoTable(worker: WorkerHandlers, user: UserHandlers, limits: FlamencoLimits): readonly FlamencoRow[] {
  const json = { ...none, parser: 'json', bodyLimit: limits.smallBytes } as const;
  const asWorker = { ...none, login: 'worker', right: 'worker:run' } as const;
  const task = {
    ...asWorker,
    path: '/task',
    summary: 'The next task for this worker, or the status that it is asked to take.',
    answers: { 200: TaskDoc, 204: null, 406: ErrorDoc, 423: WorkerStatusDoc, 503: ErrorDoc },
    handle: worker.task,
  } as const;
  const target = (request: RowRequest) => user.worker(request);
  return [
    {
      ...json,
      method: 'POST',
      path: '/register-worker',
      login: 'open',
      // Nobody is anybody yet: the registration secret, or somebody's approval, keeps strangers from being given tasks.
      right: null,
      summary: 'Makes a worker known.',
      body: WorkerRegistration,
      answers: { 200: WorkerDoc, 403: ErrorDoc },
      handle: worker.register,
    },
    {
      ...asWorker,
      ...json,
      method: 'POST',
      path: '/sign-on',
      summary: 'The worker has started.',
      body: WorkerSignonDoc,
      answers: { 204: null, 503: ErrorDoc },
      handle: worker.signOn,
    },
    {
      ...asWorker,
      method: 'POST',
      path: '/sign-off',
      summary: 'The worker ends in good order.',
      answers: { 204: null },
      handle: worker.signOff,
    },
    { ...task, method: 'POST' },
    { ...task, method: 'GET' },
    {
      ...asWorker,
      method: 'POST',
      path: '/tasks/:id/update',
      summary: 'What has become of a task, and its log.',
      parser: 'stream',
      bodyLimit: limits.longestUpdateBytes,
      answers: { 204: null, 404: ErrorDoc, 409: ErrorDoc, 503: null },
      handle: worker.update,
    },
    {
      ...asWorker,
      method: 'POST',
      path: '/tasks/:id/return',
      summary: 'The worker has stopped the task.',
      answers: { 204: null, 404: ErrorDoc, 503: ErrorDoc },
      handle: worker.giveBack,
    },
    {
      ...asWorker,
      method: 'GET',
      path: '/may-i-run/:id',
      summary: 'Whether the worker may go on with the task.',
      answers: { 200: MayKeepRunningResponse, 401: MayKeepRunningResponse, 503: MayKeepRunningResponse },
      handle: worker.mayIRun,
    },
    {
      ...asWorker,
      method: 'GET',
      path: '/status-change',
      summary: 'Asked by a sleeping worker: the status that it is asked to take.',
      answers: { 200: WorkerStatusDoc, 204: null, 503: ErrorDoc },
      handle: worker.statusChange,
    },
    {
      ...asWorker,
      method: 'POST',
      path: '/ack-status-change/:status',
      summary: 'What the worker has become, asked or not.',
      answers: { 204: null, 503: ErrorDoc },
      handle: worker.ackStatus,
    },
    {
      ...asWorker,
      ...json,
      method: 'POST',
      path: '/output-produced',
      summary: 'Files that the worker has written; the last one may become the latest image.',
      body: FileProduced,
      answers: { 204: null, 422: ErrorDoc },
      handle: worker.outputProduced,
    },
    {
      ...none,
      method: 'GET',
      path: '/logfile/:job/:task',
      login: 'user',
      right: 'job:read',
      summary: 'The log of a task: its beginning and its end.',
      lasting: true,
      answers: { 200: null, 404: ErrorDoc },
      handle: user.logfile,
    },
    {
      ...none,
      method: 'GET',
      path: '/as-json',
      login: 'user',
      right: 'worker:read',
      summary: 'The farm as it is.',
      answers: { 200: StatusReport },
      handle: user.asJson,
    },
    {
      ...none,
      method: 'POST',
      path: '/worker-action/:id',
      login: 'user',
      right: 'worker:control',
      summary: 'Asks a worker for a status, tests it, forgets it, or lets it try again.',
      parser: 'text',
      bodyLimit: limits.smallBytes,
      target,
      answers: { 200: null, 204: null, 400: ErrorDoc, 404: ErrorDoc },
      handle: user.workerAction,
    },
    {
      ...none,
      method: 'POST',
      path: '/set-sleep-schedule/:id',
      login: 'user',
      right: 'worker:control',
      summary: 'When a worker sleeps.',
      parser: 'text',
      bodyLimit: limits.smallBytes,
      target,
      answers: { 204: null, 400: ErrorDoc, 404: ErrorDoc, 406: ErrorDoc },
      handle: user.setSleepSchedule,
    },
    {
      ...none,
      method: 'GET',
      path: '/latest-image.jpg',
      login: 'user',
      right: 'job:read',
      summary: 'The newest picture of all jobs.',
      answers: { 200: null, 304: null, 404: ErrorDoc },
      handle: user.latestImage,
    },
    {
      ...none,
      method: 'GET',
      path: '/imagewatch',
      login: 'user',
      right: 'job:read',
      summary: 'Server-sent events: the names of new pictures.',
      lasting: true,
      answers: { 200: null },
      handle: user.imageWatch,
    },
  ];
}
