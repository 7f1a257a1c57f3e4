import { doorSuite } from '../suites/door.suite.ts';
import { echo, submit } from './lib/jobs.ts';
import { openPlace, type Place } from './lib/place.ts';

const secret = 'x'.repeat(64);
const basic = `Authorization: Basic ${Buffer.from(`776f726b0000000000000001:${secret}`).toString('base64')}\r\n`;
const bearer = 'Authorization: Bearer admin\r\n';
const host = 'Host: 127.0.0.1\r\n';
const get = (path: string, headers: string): string => `GET ${path} HTTP/1.1\r\n${host}${headers}\r\n`;
const post = (path: string, headers: string, body: string): string =>
  `POST ${path} HTTP/1.1\r\n${host}${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const status = (code: number) => (seen: string) => seen.startsWith(`HTTP/1.1 ${code} `);
const may = get(`/may-i-run/7461736b${'0'.repeat(15)}1`, basic);

async function open(): Promise<Place> {
  const place = await openPlace({ limits: { smallBytes: 10_000, updateBytes: 10_000 } });
  const body = JSON.stringify({ secret, platform: 'linux', supported_task_types: ['debug'], nickname: 'suite' });
  await place.ask('/register-worker', { method: 'POST', token: null, body, headers: { connection: 'close' } });
  const { job, tasks } = await submit(place, [{ commands: [echo('x')] }]);
  // The suite counts connections: none of ours may stay open.
  const headers = { authorization: basic.slice('Authorization: '.length).trim(), connection: 'close' };
  await place.ask('/task', { method: 'POST', token: null, headers });
  // A long log for `longAnswer`.
  const path = `/tasks/7461736b${tasks[0]!.toString(16).padStart(16, '0')}/update`;
  await place.ask(path, { method: 'POST', token: null, headers, body: JSON.stringify({ log: 'line\n'.repeat(10_000) }) });
  if (job !== 1 || tasks[0] !== 1) throw new Error('the ids of a new place are not 1');
  return place;
}

doorSuite({
  name: 'flamenco',
  open,
  request: { bytes: may, answers: (seen) => seen.split('{"may_keep_running":true}').length - 1 },
  oversize: [
    { name: 'registration', bytes: post('/register-worker', '', `{"secret":"${'x'.repeat(10_000)}"}`), refused: status(413) },
    {
      name: 'announced length of an update',
      bytes: `POST /tasks/7461736b0000000000000001/update HTTP/1.1\r\n${host}${basic}Content-Length: 99999999999999\r\n\r\n`,
      refused: status(413),
    },
    { name: 'headers', bytes: get('/task', `X: ${'x'.repeat(20_000)}\r\n`), refused: status(431) },
  ],
  garbage: [
    { name: 'no JSON', bytes: post('/register-worker', '', 'garbage'), refused: status(400) },
    { name: 'an update that is none', bytes: post('/tasks/7461736b0000000000000001/update', basic, '[1'), refused: status(400) },
    { name: 'another method', bytes: post('/status-change', basic, ''), refused: status(405) },
    { name: 'an address that is none', bytes: get('/task/%', basic), refused: status(400) },
    { name: 'no HTTP', bytes: 'GARBAGE\r\n\r\n', refused: status(400) },
  ],
  half: {
    bytes: `POST /tasks/7461736b0000000000000001/update HTTP/1.1\r\n${host}${basic}Content-Length: 100\r\n\r\n{"log"`,
    deadlineMs: null,
    why: 'bodies of updates are read as they come: a silent one is ended by its socket’s own clock',
  },
  wrongCredential: [
    { name: 'no secret', bytes: get('/task', ''), refused: status(401) },
    { name: 'a token where a secret is wanted', bytes: get('/task', bearer), refused: status(401) },
    { name: 'a secret where a token is wanted', bytes: get('/as-json', basic), refused: status(401) },
  ],
  lasting: {
    bytes: get('/imagewatch', bearer),
    begun: (_place, peer) => peer.seen.includes('event: notification'),
  },
  longAnswer: {
    bytes: get('/logfile/6a6f62000000000000000001/7461736b0000000000000001', `User-Agent: curl/8\r\n${bearer}`),
    times: 200,
  },
});
