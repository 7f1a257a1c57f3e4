import { compileCheck } from '@switchyard/sdk/check.ts';
import { type Refusal, type Result, refuse } from '../../domain/errors.ts';
import { cancel, remove, submit, subscribe, unsubscribe } from './actions.ts';
import type { Desk, Visitor } from './desk.ts';
import { JobChoice, JobTarget, readJobNew, WebSocketAuth } from './messages.ts';
import { jobIdOf } from './sim-job.ts';
import type { Simulation } from './simulation.ts';
import { authResult, type Dialect, jobList, requestError } from './translate.ts';

/** Who speaks: a stranger until it has shown a token. */
export interface Speaker {
  readonly visitor: Visitor | null;
  readonly dialect: Dialect;
}

/** What is answered; null: nothing. `visitor`: the socket is its from now on, `say` is what it hears first. */
export type Said =
  | { readonly text: string }
  | { readonly visitor: Visitor; readonly dialect: Dialect; readonly say: () => string[] }
  | null;

type Message = Readonly<Record<string, unknown>>;

interface Row {
  /** Words of the seed document that mean the same (dnaforge §6.4). */
  readonly aliases: readonly string[];
  handle(desk: Desk, visitor: Visitor, message: Message): Promise<Result<unknown>>;
}

/**
 * Requests over the socket (dnaforge §6.2): the way of older clients, open to all, the same as over HTTP. There is no answer but
 * the updates that everybody gets, and an error for those who would know nothing of it otherwise.
 */
export const requests: Readonly<Record<string, Row>> = {
  JobNew: {
    aliases: ['new'],
    handle: async (desk, visitor, message) => {
      // Whatever way the older words put it: the job's parts stand beside the type or in a member of their own.
      const asked = readJobNew(typeof message.job === 'object' && message.job !== null ? message.job : message);
      return asked.refusal !== undefined ? asked : submit(desk, visitor, asked.value);
    },
  },
  JobCancel: { aliases: ['cancel'], handle: (desk, visitor, message) => ordered(desk, visitor, message, cancel) },
  JobDelete: { aliases: ['delete'], handle: (desk, visitor, message) => ordered(desk, visitor, message, remove) },
  JobSubscribe: { aliases: ['subscribe'], handle: choose },
};

const byName = new Map(
  Object.entries(requests).flatMap(([name, row]) => [name, ...row.aliases].map((word) => [word, { name, row }])),
);

const checkAuth = compileCheck(WebSocketAuth);
const checkTarget = compileCheck(JobTarget);
const checkChoice = compileCheck(JobChoice);

/** Reads one text frame and does what it asks for. What cannot be read is ignored, as the reference does (dnaforge §1.1). */
export async function answer(desk: Desk, speaker: Speaker, frame: string): Promise<Said> {
  const message = readFrame(frame);
  if (message === null) return null;
  if (speaker.visitor === null) return message.type === 'WebSocketAuth' ? admit(desk, message) : null;
  const found = byName.get(String(message.type));
  if (found === undefined) return null;
  const done = await found.row.handle(desk, speaker.visitor, message);
  if (done.refusal === undefined || speaker.dialect === 'today') return null;
  return { text: requestError(speaker.dialect, String(message.type), done.refusal.detail) };
}

async function admit(desk: Desk, message: Message): Promise<Said> {
  const no = { text: authResult(false) };
  if (checkAuth(message) !== null) return no;
  const { bearerToken, protocol } = message as WebSocketAuth;
  const visitor = desk.visitors.find(bearerToken);
  if (visitor === null) return no;
  await desk.board.ready();
  const dialect = protocol === undefined ? visitor.facts.dialect : protocol === 0 ? 'v0' : 'document';
  // Today's clients ask for the list themselves: nothing else follows (dnaforge §8.4).
  const say = () => [authResult(true), ...(dialect === 'today' ? [] : [jobList(dialect, desk.board.list())])];
  return { visitor, dialect, say };
}

function readFrame(frame: string): Message | null {
  try {
    const value: unknown = JSON.parse(frame);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    const message = value as Message;
    // The older words have another spelling of one key, which is taken everywhere.
    return 'job_id' in message && !('jobId' in message) ? { ...message, jobId: message.job_id } : message;
  } catch {
    return null;
  }
}

const noSuchJob: { refusal: Refusal } = refuse('not_found', 'There is no such job');

async function ordered(desk: Desk, visitor: Visitor, message: Message, action: typeof cancel): Promise<Result<unknown>> {
  const sim = await targetOf(desk, message, checkTarget);
  return sim === null ? noSuchJob : action(desk, visitor, sim);
}

async function choose(desk: Desk, visitor: Visitor, message: Message): Promise<Result<unknown>> {
  if (message.jobId == null) {
    unsubscribe(desk, visitor);
    return { value: null };
  }
  const sim = await targetOf(desk, message, checkChoice);
  if (sim === null) return noSuchJob;
  await subscribe(desk, visitor, sim);
  return { value: null };
}

async function targetOf(desk: Desk, message: Message, check: typeof checkTarget): Promise<Simulation | null> {
  return check(message) === null ? desk.board.find(jobIdOf((message as JobTarget).jobId)) : null;
}
