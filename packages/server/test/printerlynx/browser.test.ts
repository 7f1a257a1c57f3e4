import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { noBrowser } from '../../../dashboard/test/lib/browser.ts';
import { withForeignPage } from '../lib/foreign-page.ts';
import { Yard } from '../system/lib/yard.ts';
import { portOf } from './lib/whole.ts';

interface Call {
  readonly url: string;
  readonly method: string;
  readonly token: string;
  readonly body?: object | null;
}

/** The front end's calls (printerlynx §2.2), in the page. What the browser forbids comes as status 0. */
const call = (page: Page, wanted: Call) =>
  page.evaluate(async ({ url, method, token, body }) => {
    const headers: Record<string, string> = token === '' ? {} : { Authorization: `Bearer ${token}` };
    if (body != null) headers['Content-Type'] = 'application/json';
    try {
      const answer = await fetch(url, { method, headers, ...(body == null ? {} : { body: JSON.stringify(body) }) });
      return { status: answer.status, text: await answer.text() };
    } catch (error) {
      return { status: 0, text: String(error) };
    }
  }, wanted);

describe.skipIf(noBrowser)('in a real browser, from another origin', () => {
  test('printerlynx §8.1 §8.5 §8.10 §8.11 §8.15 the front end\u2019s calls, its upload and its socket get through', async () => {
    const yard = await Yard.forTest();
    await yard.start(['--no-local-worker']);
    const base = `http://127.0.0.1:${portOf(yard)}`;
    await withForeignPage('localhost', async (page) => {
      const ask = (method: string, path: string, token = '', body: object | null = null) =>
        call(page, { url: `${base}/api/v1${path}`, method, token, body });
      const person = { username: 'ada', email: 'a@b', password: 'secret1' };
      const short = await ask('POST', '/auth/register', '', { ...person, username: 'ab', password_confirmation: 'secret1' });
      expect(short).toMatchObject({ status: 400, text: expect.stringContaining('at least 3 characters') });
      const made = await ask('POST', '/auth/register', '', { ...person, password_confirmation: 'secret1' });
      expect(made.status).toBe(200);
      const { token } = JSON.parse(made.text) as { token: string };
      expect(await ask('GET', '/accounts/me', 'bad')).toMatchObject({ status: 401 });
      const me = JSON.parse((await ask('GET', '/accounts/me', token)).text) as { uuid: string };
      expect(await ask('GET', '/agents', token)).toEqual({ status: 200, text: '[]' });
      const agent = await ask('POST', '/agents', token, { name: 'Garage', description: '' });
      const { uuid } = JSON.parse(agent.text) as { uuid: string };
      expect((await ask('PUT', `/agents/${uuid}`, token, { name: 'Attic', description: '' })).status).toBe(200);

      // A form as the page makes it: the browser writes the multipart body.
      const file = await page.evaluate(
        async ([url, bearer]) => {
          const form = new FormData();
          form.append('file', new File(['G28\nG1 X1\n'], 'br\u00e4cket.gcode'));
          const answer = await fetch(url!, { method: 'POST', headers: { Authorization: bearer! }, body: form });
          return (await answer.json()) as { uuid: string; name: string; size: number };
        },
        [`${base}/api/v1/files/upload`, `Bearer ${token}`],
      );
      expect(file).toMatchObject({ name: 'br\u00e4cket.gcode', size: 10 });
      expect(await ask('GET', `/files/${file.uuid}/download`, token)).toEqual({ status: 200, text: 'G28\nG1 X1\n' });
      expect(await ask('DELETE', `/files/${file.uuid}`, token)).toEqual({ status: 200, text: 'true' });

      const heard = await page.evaluate(
        ([url, jwt]) =>
          new Promise<unknown[]>((resolve, reject) => {
            const frames: unknown[] = [];
            const socket = new WebSocket(url!);
            socket.onopen = () => {
              socket.send(JSON.stringify({ body: jwt, message_type: 'UserAuthentication' }));
              socket.send('no JSON');
            };
            socket.onerror = () => reject(new Error('no socket'));
            socket.onmessage = ({ data }) => {
              frames.push(JSON.parse(data as string));
              if (frames.length === 3) resolve(frames);
            };
          }),
        [`${base.replace('http', 'ws')}/ws`, token],
      );
      expect(heard).toContainEqual({
        body: JSON.stringify({ uuid: me.uuid, authenticated: true }),
        message_type: 'UserAuthentication',
      });
      expect(heard).toContainEqual({ message_type: 'Agent', body: expect.stringContaining('"offline"') });
      expect(heard).toContainEqual({ message_type: 'Error', body: 'Error parsing message' });
      expect(await ask('DELETE', `/agents/${uuid}`, token)).toEqual({ status: 200, text: 'true' });
      expect(await ask('POST', '/auth/logout', token)).toEqual({ status: 200, text: '{"Status":200}' });
      expect(await ask('GET', '/accounts/me', token)).toMatchObject({ status: 401 });
    });
  }, 120_000);
});
