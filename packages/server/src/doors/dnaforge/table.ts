import { refuse } from '../../domain/errors.ts';
import type { Answer, CorsRule, HttpRow, RowRequest } from '../kit/http-row.ts';
import { cancel, remove, submit, subscribe, unsubscribe } from './actions.ts';
import { archive } from './archive.ts';
import { spelling } from './codes.ts';
import { type Desk, doorPrincipal, type Visitor } from './desk.ts';
import { authPath, visitorOf } from './gate.ts';
import { readId, readJobNew } from './messages.ts';
import { jobIdOf, wireId } from './sim-job.ts';
import type { Simulation } from './simulation.ts';
import { standing, textOf } from './structures.ts';
import { type Dialect, jobArray } from './translate.ts';

export interface TableOptions {
  readonly origins: (origin: string) => boolean;
  /** What a client may ask for in a stage, and what it is offered at first, as JSON values. */
  readonly available: unknown;
  readonly defaults: unknown;
  /** `json`: tokens come as an object also where nobody asks for the older language (dnaforge §6.4). */
  readonly authResponse: 'text' | 'json';
}

/** One address of the REST side (dnaforge §2). Checked in this order everywhere: token, job, body. */
interface Row extends Pick<HttpRow, 'method' | 'path' | 'summary'> {
  readonly takesBody?: true;
  handle(asked: Asked): Promise<Answer> | Answer;
}

interface Asked {
  readonly desk: Desk;
  readonly request: RowRequest;
  readonly visitor: Visitor;
  /** Of the address; null where it names none. */
  readonly sim: Simulation;
}

/** Every request over HTTP. What comes and goes over the socket stands in `socket-table.ts`. */
export function rows(desk: Desk, options: TableOptions): HttpRow[] {
  const available = JSON.stringify(options.available);
  const defaults = JSON.stringify(options.defaults);
  const table: readonly Row[] = [
    { method: 'GET', path: '/options/available', summary: 'What a stage can be asked for.', handle: () => json(available) },
    { method: 'GET', path: '/options/default', summary: 'The stages that a client begins with.', handle: () => json(defaults) },
    { method: 'GET', path: '/job', summary: 'All simulations, ascending by id.', handle: list },
    { method: 'POST', path: '/job', summary: 'Submits a simulation.', takesBody: true, handle: create },
    { method: 'GET', path: '/job/:id', summary: 'One simulation.', handle: ({ sim }) => shown(sim) },
    { method: 'PATCH', path: '/job/:id', summary: 'Cancels a simulation.', handle: (asked) => ordered(asked, cancel) },
    {
      method: 'DELETE',
      path: '/job/:id',
      summary: 'Cancels and deletes a simulation.',
      handle: (asked) => ordered(asked, remove),
    },
    { method: 'GET', path: '/job/details/:id', summary: 'A simulation with its files.', handle: details },
    { method: 'GET', path: '/job/download/:id', summary: 'All files of a simulation as a zip.', handle: download },
    { method: 'GET', path: '/job/subscribe', summary: 'Which simulation this client watches.', handle: watched },
    { method: 'POST', path: '/job/subscribe/:id', summary: 'Watches the structure of a simulation.', handle: watch },
    { method: 'DELETE', path: '/job/subscribe', summary: 'Watches none any more.', handle: unwatch },
  ];
  const cors = corsRule(options.origins);
  return [authRow(desk, options, cors), ...table.map((row) => httpRow(desk, row, cors))];
}

/** A page's browser asks first; the answer names what it may send (dnaforge §1.3). */
const corsRule = (origins: (origin: string) => boolean): CorsRule => ({
  origins,
  headers: ['Authorization', 'Content-Type'],
  preflight: { status: 200, bare: 200 },
  privateNetwork: true,
});

function httpRow(desk: Desk, { method, path, summary, takesBody, handle }: Row, cors: CorsRule): HttpRow {
  const row: HttpRow = {
    ...{ method, path, summary, cors },
    // Who has a token of this door may do all of it; the engine asks for the rights once more.
    right: null,
    parser: takesBody === true ? 'json' : 'none',
    bodyLimit: desk.limits.bodyBytes,
    tags: ['dnaforge'],
    handle: (request) => handle({ desk, request, visitor: visitorOf(request.by), sim: request.target as Simulation }),
  };
  return path.includes(':id') ? { ...row, target: ({ params }) => target(desk, params.id) } : row;
}

async function target({ board }: Desk, given: unknown) {
  const id = readId(given);
  const sim = id === null ? null : await board.find(jobIdOf(id));
  return sim === null ? refuse('not_found', 'There is no such job') : { value: sim };
}

function authRow({ visitors, limits }: Desk, { authResponse }: TableOptions, cors: CorsRule): HttpRow {
  return {
    ...{ method: 'GET', path: authPath, summary: 'Gives a client a token of its own for the access token.', cors },
    right: null,
    parser: 'none',
    bodyLimit: limits.bodyBytes,
    tags: ['dnaforge'],
    handle: async ({ query }) => {
      const dialect = dialectOf(query.protocol);
      const { token } = await visitors.issue({ dialect });
      if (dialect === 'today' && authResponse === 'text') {
        return {
          status: 200,
          headers: { 'content-type': 'text/plain; charset=UTF-8', 'cache-control': 'no-store' },
          body: token,
        };
      }
      return json(JSON.stringify({ type: 'AuthResponse', bearerToken: token }));
    },
  };
}

function dialectOf(protocol: unknown): Dialect {
  if (protocol === '0') return 'v0';
  return protocol === 'document' ? 'document' : 'today';
}

/** As bytes: the framework would name the character set of a text, and theirs does not (dnaforge §1.1). */
const json = (text: string): Answer => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(text, 'utf8'),
});
const empty: Answer = { status: 200, headers: { 'content-length': '0' } };

async function list({ desk: { board } }: Asked): Promise<Answer> {
  await board.ready();
  return json(jobArray('today', board.list()));
}

const shown = (sim: Simulation): Answer => json(sim.shown.text('today'));

async function create({ desk, request, visitor }: Asked): Promise<Answer> {
  const asked = readJobNew(request.body);
  if (asked.refusal !== undefined) return spelling.refusal(asked.refusal, { path: request.url });
  const submitted = await submit(desk, visitor, asked.value);
  if (submitted.refusal !== undefined) return spelling.refusal(submitted.refusal, { path: request.url });
  return told(desk, visitor, json(submitted.value.text('today')));
}

async function ordered({ desk, request, visitor, sim }: Asked, action: typeof cancel): Promise<Answer> {
  const moved = await action(desk, visitor, sim);
  if (moved.refusal !== undefined) return spelling.refusal(moved.refusal, { path: request.url });
  return told(desk, visitor, empty);
}

/** Its own sockets have the news before the answer is on its way (dnaforge §7). */
function told({ crowd }: Desk, visitor: Visitor, answer: Answer): Answer {
  for (const link of crowd.ofVisitor(visitor.id)) link.flush();
  return answer;
}

async function details({ desk, sim }: Asked): Promise<Answer> {
  const { engine } = desk;
  const by = doorPrincipal;
  const { topology, forces } = sim.sources;
  const [top, dat, forcesText] = await Promise.all([
    textOf(engine, by, topology),
    standing(engine, by, sim),
    textOf(engine, by, forces),
  ]);
  if (top === null || dat === null || forcesText === null) throw new Error(`a file of job ${wireId(sim.id)} is missing`);
  const texts = `"top":${JSON.stringify(top)},"dat":${JSON.stringify(dat)},"forces":${JSON.stringify(forcesText)}`;
  return json(`{"job":${sim.shown.text('today')},${texts}}`);
}

async function download({ desk, request, sim }: Asked): Promise<Answer> {
  const headers = { 'content-type': 'application/zip', 'content-disposition': 'attachment; filename=download.zip' };
  return request.head ? { status: 200, headers } : { status: 200, headers, body: await archive(desk, sim, request.signal) };
}

function watched({ desk: { subscriptions }, visitor }: Asked): Answer {
  const job = subscriptions.of(visitor.id);
  return job === null ? { status: 204 } : json(String(wireId(job)));
}

async function watch({ desk, visitor, sim }: Asked): Promise<Answer> {
  await subscribe(desk, visitor, sim);
  return told(desk, visitor, empty);
}

function unwatch({ desk, visitor }: Asked): Answer {
  unsubscribe(desk, visitor);
  return empty;
}
