import { once } from 'node:events';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { Yard } from './lib/yard.ts';

/** DESIGN section 6: two doors live at `/ws` of the shared port, and a client is known by what it says first. */
test('at /ws of the shared port each client reaches its own door', async () => {
  const yard = await Yard.forTest();
  const { url } = await yard.start(['--no-local-worker']);
  const post = async (path: string, body: object): Promise<{ token: string }> => {
    const headers = { 'content-type': 'application/json' };
    return (await (await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })).json()) as { token: string };
  };
  const person = { username: 'ada', email: 'a@b', password: 'secret1', password_confirmation: 'secret1' };
  const { token } = await post('/api/v1/auth/register', person);
  const firstAnswer = async (...frames: readonly string[]): Promise<Record<string, unknown>> => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`);
    await once(socket, 'open');
    for (const frame of frames) socket.send(frame);
    const [answer] = await Promise.race([
      once(socket, 'message'),
      once(socket, 'close').then(([code, reason]) => [JSON.stringify({ closed: code, reason: String(reason) })]),
    ]);
    socket.terminate();
    return JSON.parse(String(answer)) as Record<string, unknown>;
  };
  const legacy = JSON.stringify({ body: token, message_type: 'UserAuthentication' });
  // The front end's own frame names no `type` (printerlynx §1.4); what follows in the same breath is not lost.
  expect(await firstAnswer(legacy, 'no JSON')).toMatchObject({ message_type: 'UserAuthentication' });
  expect(await firstAnswer(JSON.stringify({ type: 'authentication', data: { token } }))).toMatchObject({
    type: 'authentication',
    data: { status: 'OK' },
  });
  // Everything else is the hub's.
  expect(await firstAnswer(JSON.stringify({ hello: 1 }))).toMatchObject({ closed: 4002 });
  expect(await firstAnswer('no JSON')).toMatchObject({ closed: 4002 });
  const hello = JSON.stringify({ type: 'IDENTIFY', name: 'ada', version: '0.2.0', secret: null, tags: [] });
  expect(await firstAnswer(hello)).toMatchObject({ type: expect.stringMatching(/HELLO/i) });
}, 120_000);
