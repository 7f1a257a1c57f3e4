import { masked } from '../concierge/lib/wire-client.ts';
import { doorSuite } from '../suites/door.suite.ts';
import { openPlace } from './lib/place.ts';

const latin1 = (bytes: Buffer): string => bytes.toString('latin1');
const upgrade =
  'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n';
const get = (path: string, token = ''): string => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${token}\r\n\r\n`;
const say = (text: string): string => latin1(masked(0x1, Buffer.from(text), true));
const answered =
  (status: number) =>
  (seen: string): boolean =>
    seen.startsWith(`HTTP/1.1 ${status}`);

doorSuite({
  name: 'dnaforge',
  open: () => openPlace({ limits: { bodyBytes: 10_000 }, door: { accessToken: 'good' } }),
  request: { bytes: get('/auth', 'good'), answers: (seen) => seen.split('HTTP/1.1 200').length - 1 },
  oversize: [
    { name: 'body', bytes: `POST /job HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 20000\r\n\r\n`, refused: answered(413) },
    { name: 'headers', bytes: `GET /auth HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, refused: answered(431) },
    {
      name: 'first frame',
      bytes: upgrade + say(`{"type":"WebSocketAuth","bearerToken":"${'x'.repeat(20_000)}"}`),
      refused: (seen) => seen.includes('\x88'),
    },
  ],
  garbage: [
    { name: 'no address of ours', bytes: get('/job/1/2'), refused: answered(404) },
    { name: 'no WebSocket frame', bytes: `${upgrade}garbage, garbage, garbage`, refused: (seen) => seen.includes('\x88') },
    {
      name: 'a sub-protocol',
      bytes: upgrade.replace('\r\n\r\n', '\r\nSec-WebSocket-Protocol: x\r\n\r\n'),
      refused: answered(400),
    },
  ],
  half: { bytes: `${upgrade}${say('{"type":"WebSocketAuth"}').slice(0, 7)}`, deadlineMs: 15_000 },
  wrongCredential: [
    { name: 'no access token', bytes: get('/auth'), refused: answered(401) },
    { name: 'another access token', bytes: get('/auth', 'bad'), refused: answered(401) },
    { name: 'no token', bytes: get('/job'), refused: answered(401) },
    {
      name: 'no token in the socket',
      bytes: upgrade + say('{"type":"WebSocketAuth","bearerToken":"eve"}'),
      refused: (seen) => seen.includes('"success":false'),
    },
  ],
  lasting: { bytes: upgrade, begun: (_place, peer) => peer.seen.includes(' 101 ') },
  longAnswer: { bytes: get('/auth', 'good'), times: 2_000 },
});
