import { createClient } from '../../packages/sdk/src/client/client.ts';
import { callFor } from '../lib/callers.ts';
import { stamp } from '../lib/clock.ts';
import { LeanConnection, requestText } from '../lib/lean-http.ts';
import { serveCalls } from '../lib/program.ts';
import type { AddsInput } from '../peers/peer.ts';

/** Our server, as its callers find it. */
interface Place {
  readonly url: string;
  readonly token: string;
}

let place: Place;
const connections: LeanConnection[] = [];

/** Each caller has its connection. */
async function leanFor(ms: number, callers: number) {
  while (connections.length < callers) connections.push(await LeanConnection.open(place.url));
  const free = [...connections];
  return callFor(ms, callers, async (n) => {
    const connection = free.pop() as LeanConnection;
    await submitBy(connection, n);
    free.push(connection);
  });
}

async function submitBy(connection: LeanConnection, n: number): Promise<string> {
  const { url, token } = place;
  const answer = await connection.send(
    requestText('POST', url, '/v1/jobs', token, JSON.stringify({ kind: 'noop', spec: { n } })),
  );
  if (answer.status !== 201) throw new Error(answer.body);
  return answer.body;
}

/** Until the server is killed; the ids of the jobs that it had acknowledged. */
async function untilGone(callers: number): Promise<number[]> {
  const ids: number[] = [];
  const loop = async (): Promise<void> => {
    const connection = await LeanConnection.open(place.url);
    for (let n = 0; ; n++) ids.push((JSON.parse(await submitBy(connection, n)) as { id: number }).id);
  };
  await Promise.allSettled(Array.from({ length: callers }, loop));
  return ids;
}

function sdkFor(ms: number, callers: number) {
  const client = createClient({ server: place.url, token: place.token });
  return callFor(ms, callers, (n) => client.jobs.submit({ kind: 'noop', spec: { n } }));
}

serveCalls({
  open(at: Place) {
    place = at;
  },
  submit: ({ ms, callers }: AddsInput['submit']) => leanFor(ms, callers),
  submitWithSdk: ({ ms, callers }: AddsInput['submit']) => sdkFor(ms, callers),
  submitUntilGone: ({ callers }: { callers: number }) => untilGone(callers),
  async addOne({ n }: AddsInput['addOne']) {
    if (connections.length === 0) connections.push(await LeanConnection.open(place.url));
    const connection = connections[0] as LeanConnection;
    const from = stamp();
    await submitBy(connection, n);
    return from;
  },
  close() {
    for (const connection of connections) connection.close();
  },
});
