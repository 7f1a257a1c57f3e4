import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, type HTTPMethods } from 'fastify';
import type { ErrorCode } from '../../domain/errors.ts';
import { preflightHeaders } from './cors.ts';
import type { Door } from './door.ts';
import { HttpConnections } from './http-connections.ts';
import type { Answer, HttpDialect, HttpRow } from './http-row.ts';
import { doublePaths, normalPath } from './paths.ts';
import { Asked } from './row-request.ts';
import { sendAnswer } from './send-answer.ts';
import { methodRefusal, type RowDeps, serveRow } from './serve-row.ts';
import { onUpgrade } from './upgrades.ts';

/** The HTTP side of one or more doors. It never listens: connections are handed to it. */
export interface DoorHttp {
  readonly app: FastifyInstance;
  /** A connection that speaks HTTP; what was read of it already has been put back. */
  accept(socket: Socket): void;
  /** Ends connections that wait for their next request, now and as soon as they do. */
  endIdle(): void;
  close(): Promise<void>;
}

/** What the HTTP side needs of a door. */
export type HttpDoor = Pick<Door, 'name' | 'rows' | 'upgrades' | 'dialect' | 'raw'>;

const answered: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

export async function createDoorHttp(doors: readonly HttpDoor[], deps: RowDeps): Promise<DoorHttp> {
  const doubles = doublePaths(doors);
  if (doubles.length > 0) throw new Error(`doors collide: ${doubles.join('; ')}`);
  let server: Server | null = null;
  const app = Fastify({
    logger: false,
    exposeHeadRoutes: false,
    // Every limit of a body is its row's; this one only has to be out of the way.
    bodyLimit: Number.MAX_SAFE_INTEGER,
    routerOptions: { maxParamLength: 4_096 },
    rewriteUrl: (request) => singleSlash(request.url ?? '/'),
    frameworkErrors: (_error, request, reply) => {
      fallback(doors, deps, request, reply, 'malformed', badAddress);
    },
    clientErrorHandler: onClientError,
    serverFactory: (handler) => {
      server = makeServer(handler as RequestListener, deps);
      return server;
    },
  });
  takeNoBodies(app);
  for (const [path, rows] of byPath(doors)) addPath(app, path, rows, deps);
  app.setNotFoundHandler((request, reply) => fallback(doors, deps, request, reply, 'not_found', noSuchAddress(request)));
  app.setErrorHandler((error, request, reply) => {
    deps.log.error({ event: 'http.failed', path: request.url, err: error });
    return fallback(doors, deps, request, reply, 'internal', 'Something went wrong here; the log of the server says what');
  });
  await app.ready();
  return wrap(app, server ?? unmade(), doors, deps);
}

type RequestListener = Parameters<typeof createServer>[1] & ((...args: never[]) => void);

function unmade(): never {
  throw new Error('fastify has made no server');
}

function wrap(app: FastifyInstance, server: Server, doors: readonly HttpDoor[], deps: RowDeps): DoorHttp {
  const connections = new HttpConnections(server);
  server.on('upgrade', onUpgrade(doors, deps));
  // Without it the header and request time-outs of node:http never start: it does not listen by itself.
  server.emit('listening');
  return {
    app,
    accept: (socket) => {
      connections.add(socket);
      server.emit('connection', socket);
    },
    endIdle: () => connections.endIdle(),
    close: async () => {
      await app.close();
      // Stops its inner timer; that it was never listening is no news.
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}

function makeServer(handler: RequestListener, deps: RowDeps): Server {
  const { limits } = deps;
  const options = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersMs,
    keepAliveTimeout: limits.keepAliveMs,
    // Uploads may be slow as long as they move: silence is limited per body instead.
    requestTimeout: 0,
    shouldUpgradeCallback: (request: IncomingMessage) => request.headers.upgrade?.toLowerCase() === 'websocket',
  };
  const server = createServer(options, handler);
  // Leave to send a body is given when the row is about to read it (`read-body.ts`).
  server.on('checkContinue', (request, response) => void server.emit('request', request, response));
  return server;
}

/** `//a` -> `/a`; clients put a slash too many between address and path, and redirecting them would lose bodies. */
function singleSlash(url: string): string {
  return url.startsWith('//') ? url.replace(/^\/+/, '/') : url;
}

/** Bodies are read by the rows, after everything that can be said without them. */
function takeNoBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
}

interface OwnedRow {
  readonly door: string;
  readonly row: HttpRow;
  readonly dialect: HttpDialect;
}

function byPath(doors: readonly HttpDoor[]): Map<string, OwnedRow[]> {
  const paths = new Map<string, OwnedRow[]>();
  for (const { name, rows, dialect } of doors) {
    if (rows.length > 0 && dialect === undefined) throw new Error(`the door ${name} has rows but no dialect`);
    for (const row of rows) {
      if (dialect === undefined) continue;
      const path = normalPath(row.path);
      paths.set(path, [...(paths.get(path) ?? []), { door: name, row, dialect }]);
    }
  }
  return paths;
}

function addPath(app: FastifyInstance, _path: string, owned: readonly OwnedRow[], deps: RowDeps): void {
  const first = owned[0];
  if (first === undefined) return;
  for (const { door, row, dialect } of owned) {
    const method = row.method === 'GET' ? ['GET', 'HEAD'] : [row.method];
    app.route({ method, url: row.path, handler: serveRow(row, dialect, deps, door) });
  }
  const allowed = owned.flatMap(({ row }) => (row.method === 'GET' ? ['GET', 'HEAD'] : [row.method]));
  const others = answered.filter((method) => !allowed.includes(method));
  app.route({ method: others, url: first.row.path, handler: refuseMethod(first, allowed, deps) });
  app.route({ method: 'OPTIONS', url: first.row.path, handler: options(owned, allowed, deps) });
}

function refuseMethod({ row, dialect }: OwnedRow, allowed: readonly string[], deps: RowDeps) {
  return (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const answer = dialect.spelling.refusal(methodRefusal(request.method, allowed), { path: request.url });
    const headers = { ...answer.headers, allow: allowed.join(', ') };
    return sendAnswer({ ...answer, headers }, row, askedOf(request, reply), reply, deps);
  };
}

function options(owned: readonly OwnedRow[], allowed: readonly string[], deps: RowDeps) {
  const methods = [...allowed, 'OPTIONS'];
  return (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const { origin } = request.headers;
    const wanted = request.headers['access-control-request-method'];
    const asked = request.headers['access-control-request-headers'];
    const rule = (owned.find(({ row }) => row.method === wanted) ?? owned.find(({ row }) => row.cors !== null))?.row.cors ?? null;
    const cors = rule === null || origin === undefined ? {} : preflightHeaders(rule, origin, allowed, asked);
    const { status, bare } = rule?.preflight ?? plainPreflight;
    const answer: Answer = { status: wanted === undefined ? bare : status, headers: { allow: methods.join(', '), ...cors } };
    return sendAnswer(answer, null, askedOf(request, reply), reply, deps);
  };
}

const plainPreflight = { status: 204, bare: 204 };

const askedOf = (request: FastifyRequest, reply: FastifyReply): Asked => new Asked(request.raw, reply.raw, {}, {});

const badAddress = 'The address is not well-formed';

function noSuchAddress(request: FastifyRequest): string {
  return `There is nothing at ${request.method} ${request.url.slice(0, 200)}`;
}

/** Answers outside of every row, in the words of the door that most likely was meant. */
function fallback(
  doors: readonly HttpDoor[],
  deps: RowDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  code: ErrorCode,
  detail: string,
): FastifyReply {
  const dialect = likeliest(doors, request.url)?.dialect;
  const answer = dialect?.spelling.refusal({ code, detail }, { path: request.url }) ?? { status: 404 };
  return sendAnswer(answer, null, askedOf(request, reply), reply, deps);
}

/** The door with an address that begins alike; else the first that speaks HTTP. */
function likeliest(doors: readonly HttpDoor[], url: string): HttpDoor | undefined {
  const begin = (path: string): string => path.split(/[/?]/, 2)[1] ?? '';
  const speaking = doors.filter((door) => door.dialect !== undefined);
  return speaking.find((door) => door.rows.some((row) => begin(row.path) === begin(url))) ?? speaking[0];
}

/** Not HTTP, or headers beyond all bounds. */
function onClientError(error: Error & { code?: string }, socket: Socket): void {
  const [status, text] = clientErrors[error.code ?? ''] ?? [400, 'Bad Request'];
  if (socket.writable && socket.bytesWritten === 0) {
    socket.write(`HTTP/1.1 ${status} ${text}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  }
  socket.destroySoon();
}

const clientErrors: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
};
