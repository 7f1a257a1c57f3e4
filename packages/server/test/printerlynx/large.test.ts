import { hash } from 'node:crypto';
import { Agent, request } from 'node:http';
import { expect, test } from 'vitest';
import { residentOf } from '../lib/resident.ts';
import { Yard } from '../system/lib/yard.ts';
import { type FileDocument, User } from './lib/peers.ts';
import { portOf } from './lib/whole.ts';

const mega = 1_048_576;
const head = '--b\r\nContent-Disposition: form-data; name="file"; filename="big.gcode"\r\n\r\n';
const tail = '\r\n--b--\r\n';
const type = { 'content-type': 'multipart/form-data; boundary=b' };

/** Sends a file of so many MiB, piece by piece. */
function sendFile(user: User, pieces: number, piece: Buffer): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const length = head.length + pieces * piece.length + tail.length;
    // As browsers do: the connection is to stay.
    const agent = new Agent({ keepAlive: true });
    const headers = { authorization: `Bearer ${user.token}`, 'content-length': length, ...type };
    const options = { port: user.port, host: '127.0.0.1', method: 'POST', path: '/api/v1/files/upload', headers, agent };
    const sent = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text });
        agent.destroy();
      });
    });
    sent.on('error', reject);
    sent.write(head);
    let left = pieces;
    const more = (): void => {
      while (left-- > 0) if (!sent.write(piece)) return void sent.once('drain', more);
      sent.end(tail);
    };
    more();
  });
}

test('printerlynx §8.13 100 MB up and down: the server grows by a fraction of it', async () => {
  const yard = await Yard.forTest();
  await yard.start(['--no-local-worker']);
  const user = await User.register(portOf(yard), 'ada');
  const piece = Buffer.from('G1 X10.5 Y20.25 E3.125\n'.repeat(mega / 16)).subarray(0, mega);
  await sendFile(user, 2, piece);
  const before = residentOf(yard.ready.pid);
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, residentOf(yard.ready.pid))), 20);
  try {
    const { status, text } = await sendFile(user, 100, piece);
    expect(status).toBe(200);
    const file = JSON.parse(text) as FileDocument;
    expect([file.size, file.checksum]).toEqual([100 * mega, hash('sha256', Buffer.alloc(100 * mega, piece))]);
    const answer = await fetch(`http://127.0.0.1:${user.port}/api/v1/files/${file.uuid}/download`, {
      headers: { authorization: `Bearer ${user.token}` },
    });
    let got = 0;
    for await (const part of answer.body!) got += part.length;
    expect(got).toBe(100 * mega);
  } finally {
    clearInterval(watch);
  }
  expect((most - before) / mega).toBeLessThan(70);
}, 120_000);

test('printerlynx §8.13 a file beyond the limit: 413 with the document, also when much too long, and nothing is kept', async () => {
  const yard = await Yard.forTest();
  await yard.start(['--no-local-worker', '--printerlynx-max-file', '5MB']);
  const user = await User.register(portOf(yard), 'ada');
  const piece = Buffer.alloc(mega, 'G28\n');
  // The peer says everything before it reads.
  for (const pieces of [6, 60]) {
    const { status, text } = await sendFile(user, pieces, piece);
    expect([pieces, status]).toEqual([pieces, 413]);
    expect(JSON.parse(text)).toMatchObject({ status: '413 Payload Too Large', message: expect.stringMatching(/\S/) });
  }
  expect(await user.json('GET', '/files')).toEqual([]);
  expect((await sendFile(user, 4, piece)).status).toBe(200);
}, 120_000);
