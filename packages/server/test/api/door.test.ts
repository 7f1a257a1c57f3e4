import { createHash } from 'node:crypto';
import { type DoorFixture, type DoorPlace, doorSuite } from '../suites/door.suite.ts';
import { openApiYard } from './lib/api-yard.ts';

async function open(): Promise<DoorPlace> {
  const place = await openApiYard();
  return {
    port: place.listener.port,
    clock: place.yard.clock,
    lines: place.lines,
    connections: () => place.listener.connections(),
    close: () => place.close(),
  };
}

const head = (line: string, ...headers: string[]): string =>
  [`${line} HTTP/1.1`, 'Host: localhost', 'Authorization: Bearer ada', ...headers, '', ''].join('\r\n');
const answered = (status: number) => (seen: string) => seen.startsWith(`HTTP/1.1 ${status} `) && seen.includes('\r\n\r\n');
const refusedWith = (status: number, code: string) => (seen: string) =>
  answered(status)(seen) && seen.includes(`"code":"${code}"`);
const job = '{"spec":{"argv":["x"],"cwd":"/"}}';
const submit = `${head('POST /v1/jobs', `Content-Length: ${job.length}`)}${job}`;

const http: DoorFixture = {
  name: 'api over HTTP',
  open,
  request: { bytes: submit, answers: (seen) => seen.split('HTTP/1.1 201 Created\r\n').length - 1 },
  oversize: [
    {
      name: 'a body announced beyond the limit',
      bytes: head('POST /v1/jobs', 'Content-Length: 999999999'),
      refused: refusedWith(413, 'too_large'),
    },
    {
      name: 'a chunked body that grows beyond the limit',
      bytes: `${head('POST /v1/jobs/1/cancel', 'Transfer-Encoding: chunked')}20000\r\n${'x'.repeat(0x20000)}\r\n`,
      refused: refusedWith(413, 'too_large'),
    },
    { name: 'headers beyond the limit', bytes: head('GET /v1/jobs', `X-Long: ${'x'.repeat(20_000)}`), refused: answered(431) },
    { name: 'an address without end', bytes: `GET /${'x'.repeat(20_000)}`, refused: answered(431) },
  ],
  garbage: [
    { name: 'no HTTP', bytes: 'HELO there\r\n\r\n', refused: answered(400) },
    { name: 'not JSON', bytes: `${head('POST /v1/jobs', 'Content-Length: 4')}{{{{`, refused: refusedWith(400, 'malformed') },
    {
      name: 'not UTF-8',
      bytes: `${head('POST /v1/jobs', 'Content-Length: 4')}"\xff\xfe"`,
      refused: refusedWith(400, 'malformed'),
    },
    {
      name: 'two lengths',
      bytes: head('POST /v1/jobs', 'Content-Length: 4', 'Content-Length: 5'),
      refused: answered(400),
    },
    { name: 'a broken escape in the address', bytes: head('GET /v1/jobs/%zz'), refused: refusedWith(400, 'malformed') },
    {
      name: 'an upgrade to nothing',
      bytes: head('GET /v1/jobs', 'Connection: Upgrade', 'Upgrade: websocket'),
      refused: answered(404),
    },
  ],
  half: {
    bytes: `${head('POST /v1/jobs', `Content-Length: ${job.length}`)}${job.slice(0, 9)}`,
    deadlineMs: null,
    why: 'answered 504 after the idle time of a body, see test/kit/listener.test.ts; the connection goes on',
  },
  wrongCredential: [
    { name: 'none', bytes: 'GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\n\r\n', refused: refusedWith(401, 'unauthenticated') },
    {
      name: 'unknown',
      bytes: 'GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n\r\n',
      refused: refusedWith(401, 'unauthenticated'),
    },
    { name: 'without the right', bytes: head('GET /v1/audit'), refused: refusedWith(403, 'forbidden') },
  ],
  lasting: {
    bytes: head('GET /v1/changes?since=0'),
    begun: (_place, peer) => peer.seen.includes('event: hello'),
  },
  longAnswer: { bytes: head('GET /openapi.json'), times: 500 },
};

const key = 'dGhlIHNhbXBsZSBub25jZQ==';
const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
const upgrade = (token: string): string =>
  [
    'GET /v1/worker HTTP/1.1',
    'Host: localhost',
    `Authorization: Bearer ${token}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${key}`,
    'Sec-WebSocket-Protocol: switchyard-worker.1',
    '',
    '',
  ].join('\r\n');

/** A masked frame as a client sends it; the mask is zero, so that the payload stands there as it is. */
function frame(text: string, opcode = 1): string {
  const size = text.length;
  const length = size < 126 ? [0x80 | size] : [0x80 | 126, size >> 8, size & 255];
  return String.fromCharCode(0x80 | opcode, ...length, 0, 0, 0, 0) + text;
}
/** A frame that says that it is 4 GB long. */
const huge = String.fromCharCode(0x81, 0x80 | 127, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0);

let instances = 0;
const helloFrame = (): string =>
  frame(
    JSON.stringify([
      {
        m: 'hello',
        instance: `instance-${instances++}`,
        name: 'w',
        version: '1',
        kinds: ['shell'],
        tags: [],
        total: { slots: 1, cpus: 1, ramMb: 1, named: {} },
        prefetch: 0,
        info: {},
        holds: [],
      },
    ]),
  );
/** The close frame with this code has come. */
const closedWith = (code: number) => (seen: string) =>
  seen.includes(String.fromCharCode(code >> 8, code & 255), seen.indexOf('\r\n\r\n'));
/** Accepting what was never offered is answered by a withdrawal. */
const ask = frame('[{"m":"accept","task":77}]');

const socket: DoorFixture = {
  name: 'api over the worker’s socket',
  open,
  opening: {
    // A getter: every connection is a worker of its own.
    get bytes() {
      return upgrade('worker') + helloFrame();
    },
    done: (seen) => seen.includes(accept) && seen.includes('"m":"welcome"'),
  },
  request: { bytes: ask, answers: (seen) => seen.split('{"m":"withdraw","task":77}').length - 1 },
  oversize: [{ name: 'a frame beyond the limit', bytes: upgrade('worker') + huge, refused: closedWith(1009) }],
  garbage: [
    { name: 'not JSON', bytes: upgrade('worker') + frame('{{'), refused: closedWith(1007) },
    { name: 'a message before hello', bytes: upgrade('worker') + ask, refused: closedWith(4003) },
    { name: 'no WebSocket frame', bytes: `${upgrade('worker')}\xff\xff\xff\xff`, refused: closedWith(1002) },
    { name: 'not UTF-8', bytes: upgrade('worker') + frame('"\xff\xfe"'), refused: closedWith(1007) },
    { name: 'binary that is no log', bytes: upgrade('worker') + frame('zzz', 2), refused: closedWith(1007) },
  ],
  half: { bytes: upgrade('worker') + helloFrame().slice(0, 20), deadlineMs: 20_000 },
  wrongCredential: [
    { name: 'unknown', bytes: upgrade('x'), refused: refusedWith(401, 'unauthenticated') },
    { name: 'without the right', bytes: upgrade('viewer'), refused: refusedWith(403, 'forbidden') },
  ],
  lasting: { bytes: ask, begun: (_place, peer) => peer.seen.includes('withdraw') },
  longAnswer: { bytes: ask, times: 20_000 },
};

doorSuite(http);
doorSuite(socket);
