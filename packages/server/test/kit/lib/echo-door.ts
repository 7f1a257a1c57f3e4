import { Readable } from 'node:stream';
import Type from 'typebox';
import { errors } from '../../../src/domain/errors.ts';
import type { Principal } from '../../../src/domain/principal.ts';
import { rights } from '../../../src/domain/principal.ts';
import { ConnectionCaps } from '../../../src/doors/kit/connection-caps.ts';
import type { Door } from '../../../src/doors/kit/door.ts';
import type { Answer, HttpDialect, HttpRow, RowRequest } from '../../../src/doors/kit/http-row.ts';
import { kitLimits } from '../../../src/doors/kit/limits.ts';
import { openRawConnection, type RawConnection } from '../../../src/doors/kit/raw-connection.ts';
import type { Clock } from '../../../src/ports/clock.ts';

const anybody: Principal = { id: 'test', name: 'test', rights, scope: 'all', kinds: null };

const codes = Object.fromEntries(Object.entries(errors).map(([code, row]) => [code, row.status])) as Record<
  keyof typeof errors,
  number
>;

export const dialect: HttpDialect = {
  spelling: {
    codes,
    refusal: (refusal) => ({ status: codes[refusal.code], body: { code: refusal.code, detail: refusal.detail, at: refusal.at } }),
  },
  authenticate: ({ headers }) =>
    headers.authorization === 'Bearer wrong'
      ? { refusal: { code: 'unauthenticated', detail: 'no' } }
      : { value: headers.authorization === 'Bearer poor' ? { ...anybody, rights: [] } : anybody },
};

export function row(partial: Partial<HttpRow> & Pick<HttpRow, 'path' | 'handle'>): HttpRow {
  return { method: 'GET', summary: 'test', right: null, parser: 'none', bodyLimit: 1_000, cors: null, ...partial };
}

const Pet = Type.Object(
  { name: Type.String({ maxLength: 10 }), legs: Type.Optional(Type.Integer()) },
  { additionalProperties: false },
);

/** A door that can everything the kit offers: rows of each parser, CORS, a stream, and raw lines that are sent back. */
export function echoDoor(clock: Clock, extra: Partial<Door> = {}): Door & { readonly raws: Set<RawConnection>; closes: number } {
  const raws = new Set<RawConnection>();
  const caps = new ConnectionCaps({ perAddress: 50, total: 50 });
  const door = {
    name: 'echo',
    title: 'test peers',
    rows: rowsOfEcho,
    dialect,
    upgrades: [],
    raw: {
      firstBytes: '#',
      accept: (socket: Parameters<NonNullable<Door['raw']>['accept']>[0], first: Buffer) => {
        const connection = openRawConnection(
          socket,
          first,
          {
            data: (bytes) => {
              connection?.established();
              connection?.send(bytes);
            },
            closed: () => void (connection !== null && raws.delete(connection)),
          },
          { clock, caps, limits: kitLimits },
        );
        if (connection !== null) raws.add(connection);
      },
    },
    ports: [],
    opens: [],
    start: async () => {},
    close: async () => {
      door.closes++;
      for (const connection of raws) connection.close(Buffer.from('bye'));
    },
    status: () => ({ connections: raws.size, notes: [] }),
    raws,
    closes: 0,
    ...extra,
  };
  return door;
}

const seen = (request: RowRequest): Answer => ({
  status: 200,
  body: { params: request.params, query: request.query, body: request.body, target: request.target },
});

/** Answers of `/echo/slow` that wait for the test. */
export const slow: { readonly waiting: (() => void)[] } = { waiting: [] };

const rowsOfEcho: readonly HttpRow[] = [
  row({ path: '/echo/plain', handle: () => ({ status: 200, body: 'hello' }) }),
  row({ path: '/echo/phrase', handle: () => ({ status: 204, phrase: 'Nothing To Say' }) }),
  row({
    path: '/echo/query',
    query: Type.Object(
      { n: Type.Optional(Type.Integer()), on: Type.Optional(Type.Boolean()), list: Type.Optional(Type.Array(Type.String())) },
      { additionalProperties: false },
    ),
    handle: seen,
  }),
  row({ path: '/echo/right', right: 'admin:write', handle: seen }),
  row({ method: 'POST', path: '/echo/pets', parser: 'json', body: Pet, handle: seen }),
  row({
    method: 'PUT',
    path: '/echo/pets/:id',
    parser: 'json',
    body: Pet,
    params: Type.Object({ id: Type.Integer({ minimum: 1 }) }),
    target: ({ params }) =>
      params.id === 404 ? { refusal: { code: 'not_found', detail: 'no such pet' } } : { value: `pet ${params.id}` },
    handle: seen,
  }),
  row({
    method: 'POST',
    path: '/echo/bytes',
    parser: 'bytes',
    handle: ({ body }) => ({ status: 200, body: body as Buffer }),
  }),
  row({
    method: 'POST',
    path: '/echo/stream',
    parser: 'stream',
    bodyLimit: 1e9,
    handle: async ({ stream }) => {
      let size = 0;
      for await (const part of stream ?? []) size += (part as Buffer).length;
      return { status: 200, body: { size } };
    },
  }),
  row({ path: '/echo/open', cors: { origins: 'any', headers: ['x-a'] }, handle: seen }),
  row({
    method: 'POST',
    path: '/echo/open',
    cors: { origins: ['https://good.example'], headers: ['x-a'], credentials: true, privateNetwork: true },
    parser: 'json',
    handle: seen,
  }),
  row({
    path: '/echo/fails',
    handle: () => {
      throw new Error('a bug');
    },
  }),
  row({
    path: '/echo/promise',
    answers: { 200: Type.Object({ a: Type.String() }) },
    handle: () => ({ status: 200, body: { a: 1 } }),
  }),
  row({
    path: '/echo/slow',
    handle: () =>
      new Promise((resolve) => {
        slow.waiting.push(() => resolve({ status: 200, body: 'slow' }));
      }),
  }),
  row({ path: '/echo/big', handle: () => ({ status: 200, body: Buffer.alloc(4 * 1_048_576, 'x') }) }),
  row({
    path: '/echo/endless',
    lasting: true,
    handle: ({ signal }) => {
      const stream = new Readable({ read() {} });
      stream.push('first\n');
      signal.addEventListener('abort', () => stream.destroy());
      return { status: 200, body: stream };
    },
  }),
];
