import { doorSuite } from '../suites/door.suite.ts';
import { openPlace } from './lib/place.ts';
import { masked } from './lib/wire-client.ts';

const latin1 = (bytes: Buffer): string => bytes.toString('latin1');
const upgrade = (path = '/ws'): string =>
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n';
const say = (text: string): string => latin1(masked(0x1, Buffer.from(text), true));
const closedWith = (code: number) => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(code);
  // The head of a close frame, its length, then the code.
  return (seen: string): boolean => new RegExp(`\\x88[^]${latin1(bytes).replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')}`).test(seen);
};

let names = 0;
const identify = (more = ''): string => `{"type":"IDENTIFY","name":"n${names++}_${process.pid}","version":"0.2.0"${more}}`;
const count = (seen: string, what: string): number => seen.split(what).length - 1;

doorSuite({
  name: 'concierge',
  open: async () => {
    const place = await openPlace({ limits: { messageBytes: 10_000, queueBytes: 100_000 }, door: { secret: 'good' } });
    return place;
  },
  opening: {
    // One name for all: each of the suite's peers is gone, or has its own by the counter below.
    get bytes() {
      return upgrade() + say(identify(',"secret":"good"'));
    },
    done: (seen) => seen.includes('"type":"HELLO"'),
  },
  request: { bytes: say('{"type":"SELF_FETCH"}'), answers: (seen) => count(seen, '"type":"SELF_FETCH_RESULT"') },
  oversize: [
    { name: 'message', bytes: upgrade() + say(`{"type":"IDENTIFY","name":"${'x'.repeat(10_000)}"}`), refused: closedWith(1009) },
    {
      name: 'announced length of 2^63',
      bytes: `${upgrade()}${latin1(Buffer.from([0x81, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255]))}`,
      refused: closedWith(1009),
    },
    { name: 'headers', bytes: `GET /ws HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, refused: (seen) => seen.includes(' 431 ') },
  ],
  garbage: [
    { name: 'no JSON', bytes: upgrade() + say('garbage'), refused: closedWith(4002) },
    { name: 'no WebSocket frame', bytes: `${upgrade()}garbage, garbage, garbage`, refused: closedWith(1002) },
    { name: 'unmasked frame', bytes: `${upgrade()}${latin1(Buffer.from([0x81, 0x02, 0x7b, 0x7d]))}`, refused: closedWith(1002) },
    {
      name: 'no handshake',
      bytes: 'GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
      refused: (seen) => seen.startsWith('HTTP/1.1 400'),
    },
    {
      name: 'half a handshake',
      bytes: 'GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      refused: (seen) => seen.startsWith('HTTP/1.1 400'),
    },
  ],
  half: { bytes: `${upgrade()}${latin1(masked(0x1, Buffer.from('{"type"'), true).subarray(0, 5))}`, deadlineMs: 15_000 },
  wrongCredential: [
    {
      name: 'no secret',
      bytes: upgrade() + say('{"type":"IDENTIFY","name":"eve","version":"0.2.0"}'),
      refused: closedWith(4006),
    },
    {
      name: 'another secret',
      bytes: upgrade() + say('{"type":"IDENTIFY","name":"eve","version":"0.2.0","secret":"bad"}'),
      refused: closedWith(4006),
    },
    {
      name: 'no key to the files',
      bytes: 'GET /fs/ada/x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
      refused: (seen) => seen.startsWith('HTTP/1.1 428'),
    },
  ],
  lasting: { bytes: say('{"type":"SELF_FETCH"}'), begun: (_place, peer) => peer.seen.includes('SELF_FETCH_RESULT') },
  longAnswer: { bytes: say('{"type":"CLIENT_FETCH_ALL"}'), times: 2_000 },
});
