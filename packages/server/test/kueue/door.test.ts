import { type DoorFixture, doorSuite } from '../suites/door.suite.ts';
import { openPlace } from './lib/place.ts';

const client = '"HelloFromClient"';
const worker = '{"HelloFromWorker":{"worker_name":"w"}}';
const proof = `{"AuthResponse":"${'A'.repeat(43)}"}`;
const saltIn = (seen: string): boolean => /"AuthChallenge":\{"salt":"\w{64}"\}\}$/.test(seen);

/** Everything is refused by hanging up: the protocol has no word for it. What is said before is the welcome. */
const afterWelcome = (seen: string): boolean => seen === '"WelcomeClient"';

const kueue: DoorFixture = {
  name: 'kueue',
  async open() {
    const place = await openPlace();
    return {
      get port() {
        return place.ownPort;
      },
      clock: place.clock,
      lines: place.lines,
      connections: () => place.listener.connections(),
      close: () => place.close(),
    };
  },
  opening: { bytes: client, done: (seen) => seen === '"WelcomeClient"' },
  request: { bytes: '"ListWorkers"', answers: (seen) => seen.split('{"WorkerList":[]}').length - 1 },
  oversize: [
    { name: 'a hello beyond the limit', bytes: `"${'x'.repeat(70_000)}"`, refused: null },
    {
      name: 'a message beyond the limit of a stranger',
      bytes: `${client}{"AuthResponse":"${'x'.repeat(70_000)}"}`,
      refused: afterWelcome,
    },
    {
      name: 'an object that never ends',
      bytes: `${client}{"IssueJob":${'{"a":'.repeat(20)}${'"x":1,'.repeat(20_000)}`,
      refused: afterWelcome,
    },
    { name: 'a nesting bomb', bytes: `${client}${'{"a":'.repeat(5_000)}`, refused: afterWelcome },
  ],
  garbage: [
    { name: 'text', bytes: 'hello?', refused: null },
    { name: 'an HTTP request on the own port', bytes: 'GET / HTTP/1.1\r\n\r\n', refused: null },
    { name: 'a TLS hello', bytes: '\x16\x03\x01\x02\x00\x01', refused: null },
    { name: 'no JSON after the hello', bytes: `${client}{"ShowJob":{job_id}}`, refused: afterWelcome },
    { name: 'an unknown variant', bytes: `${client}"Nonsense"`, refused: afterWelcome },
    { name: 'a wrong type', bytes: `${client}{"ShowJob":{"job_id":"1"}}`, refused: afterWelcome },
    { name: 'a doubled key', bytes: `${client}{"ShowJob":{"job_id":1,"job_id":1}}`, refused: afterWelcome },
    { name: 'bytes that are no UTF-8', bytes: `${client}"\xff"`, refused: afterWelcome },
    { name: 'a request before the hello', bytes: '"ListJobs"', refused: null },
    {
      name: 'a worker’s word from a client',
      bytes: `${client}{"UpdateResources":{"job_slots":1,"cpus":1,"ram_mb":1}}`,
      refused: afterWelcome,
    },
  ],
  half: { bytes: '{"HelloFromWorker":{"worker_name":"w', deadlineMs: 30_000 },
  wrongCredential: [
    {
      name: 'a privileged request without any',
      bytes: `${client}{"CleanJobs":{"all":true}}`,
      refused: (seen) => seen.endsWith('{"RequestResponse":{"success":false,"text":"not authenticated"}}'),
    },
    {
      name: 'a worker that says anything else first',
      bytes: `${worker}"Bye"`,
      refused: (seen) => seen.startsWith('"WelcomeWorker"') && saltIn(seen),
    },
    { name: 'a worker that answers before it was asked, wrongly', bytes: worker + proof, refused: saltIn },
  ],
  lasting: { bytes: '"ListWorkers"'.repeat(50), begun: (_, peer) => peer.seen.includes('WorkerList') },
  longAnswer: { bytes: '"ListWorkers"{"ShowJob":{"job_id":1}}', times: 20_000 },
};

doorSuite(kueue);
