import { masked } from '../concierge/lib/wire-client.ts';
import { doorSuite } from '../suites/door.suite.ts';
import { openPlace } from './lib/place.ts';

const latin1 = (bytes: Buffer): string => bytes.toString('latin1');
const upgrade =
  'GET /api/v1/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n';
const get = (path: string, token = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\n\r\n`;
const say = (text: string): string => latin1(masked(0x1, Buffer.from(text), true));
const answered =
  (status: number) =>
  (seen: string): boolean =>
    seen.startsWith(`HTTP/1.1 ${status}`);
const part = '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n';

doorSuite({
  name: 'printerlynx',
  open: () => openPlace({ limits: { bodyBytes: 10_000 } }),
  request: { bytes: get('/health'), answers: (seen) => seen.split('HTTP/1.1 200').length - 1 },
  oversize: [
    {
      name: 'body',
      bytes:
        'POST /api/v1/auth/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 20000\r\n\r\n',
      refused: answered(413),
    },
    { name: 'headers', bytes: `GET /health HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, refused: answered(431) },
    {
      name: 'frame',
      bytes: upgrade + say(`{"type":"${'x'.repeat(70_000)}"}`),
      refused: (seen) => seen.includes('\x88\x02\x03\xf1'),
    },
  ],
  garbage: [
    { name: 'no address of ours', bytes: get('/api/v1/printers/x/y'), refused: answered(404) },
    { name: 'no WebSocket frame', bytes: `${upgrade}garbage, garbage, garbage`, refused: (seen) => seen.includes('\x88') },
    { name: 'no message', bytes: upgrade + say('garbage'), refused: (seen) => seen.includes('Invalid message') },
    {
      name: 'no message of an agent',
      bytes: upgrade.replace('/ws', '/ws/agent') + say('[]'),
      refused: (seen) => seen.includes('Invalid message'),
    },
    {
      name: 'a file without a token',
      bytes: `POST /api/v1/files/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: ${part.length}\r\n\r\n${part}`,
      refused: answered(401),
    },
  ],
  half: { bytes: `${upgrade}${say('{"type":"authentication"}').slice(0, 7)}`, deadlineMs: 15_000 },
  wrongCredential: [
    { name: 'no token', bytes: get('/api/v1/accounts/me'), refused: answered(401) },
    { name: 'a wrong token', bytes: get('/api/v1/files', 'eyJ.eyJ.x'), refused: answered(401) },
    {
      name: 'in the socket',
      bytes: upgrade + say('{"type":"authentication","data":{"token":"eve"}}'),
      refused: (seen) => seen.includes('"message":"Invalid token"'),
    },
    {
      name: 'in an agent\u2019s socket',
      bytes: upgrade.replace('/ws', '/ws/agent') + say('{"type":"authentication","data":{"token":"eve"}}'),
      refused: (seen) => seen.includes('"message":"Invalid token"'),
    },
  ],
  lasting: { bytes: upgrade, begun: (_place, peer) => peer.seen.includes(' 101 ') },
  longAnswer: { bytes: get('/health'), times: 2_000 },
});
