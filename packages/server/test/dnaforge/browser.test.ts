import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { noBrowser } from '../../../dashboard/test/lib/browser.ts';
import { withForeignPage } from '../lib/foreign-page.ts';
import { jobNew, manual } from './lib/jobs.ts';
import { openWhole } from './lib/whole.ts';

/** The editor's calls (dnaforge §1.3), in the page. Whatever the browser forbids ends up as the name of an error. */
interface Call {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}
const fetchIn = (page: Page, call: Call) =>
  page.evaluate(async ({ url, ...init }) => {
    try {
      const response = await fetch(url, init);
      return { status: response.status, phrase: response.statusText, text: await response.text() };
    } catch (error) {
      return { status: 0, phrase: (error as Error).name, text: '' };
    }
  }, call);

describe.skipIf(noBrowser)('in a real browser, from another origin', () => {
  test('dnaforge §8.2 §8.3 §8.24 §8.25 tokens, all methods, phrases and the socket get through', async () => {
    await using whole = await openWhole({}, { flags: { 'dnaforge.access-token': 'good' } });
    const base = `http://127.0.0.1:${whole.port}`;
    await withForeignPage('localhost', async (page) => {
      // The first try of the editor carries the word null; without a readable 401 it would ask for nothing.
      const get = { method: 'GET', url: `${base}/auth` } as const;
      expect(await fetchIn(page, { ...get, headers: { Authorization: 'null' } })).toMatchObject({ status: 401, text: '' });
      const { text: token } = await fetchIn(page, { ...get, headers: { Authorization: 'good' } });
      expect(token).toMatch(/^[A-Za-z0-9]{32}$/);
      const headers = { Authorization: token, 'Content-Type': 'application/json' };
      const call = (method: string, path: string, body?: object) =>
        fetchIn(page, { url: base + path, method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });

      await page.evaluate(
        ([url, bearerToken]) =>
          new Promise<void>((resolve, reject) => {
            const heard: string[] = [];
            const socket = new WebSocket(url!);
            Object.assign(globalThis, { heard });
            socket.onopen = () => socket.send(JSON.stringify({ type: 'WebSocketAuth', bearerToken }));
            socket.onerror = () => reject(new Error('no socket'));
            socket.onmessage = ({ data }) => {
              const { type, success, job } = JSON.parse(data as string);
              heard.push(type === 'WebSocketAuthResponse' ? `auth ${success}` : `${type} ${job?.status}`);
              resolve();
            };
          }),
        [base.replace('http://', 'ws://'), token],
      );
      expect((await call('GET', '/options/default')).status).toBe(200);
      expect(await call('GET', '/job')).toMatchObject({ status: 200, text: '[]' });
      const refused = await call('POST', '/job', jobNew([manual({ answers: { '\u0394T': 'x' } })]));
      expect([refused.status, refused.phrase]).toEqual([422, 'Stage 1: Delta T must be a number']);
      expect((await call('POST', '/job', jobNew([manual({ steps: 20 })]))).status).toBe(200);
      expect((await call('POST', '/job/subscribe/0')).status).toBe(200);
      expect((await call('DELETE', '/job/subscribe')).status).toBe(200);
      expect((await call('PATCH', '/job/0')).status).toBe(200);
      expect((await call('GET', '/job/download/0')).status).toBe(200);
      expect((await call('DELETE', '/job/0')).status).toBe(200);
      expect(await call('GET', '/job/0')).toMatchObject({ status: 404, phrase: 'There is no such job' });
      await page.waitForFunction(() => (globalThis as unknown as { heard: string[] }).heard.includes('JobUpdate undefined'));
      const heard = await page.evaluate(() => (globalThis as unknown as { heard: string[] }).heard);
      expect(heard[0]).toBe('auth true');
      expect(heard).toContain('JobUpdate NEW');
    });
  }, 120_000);

  test('dnaforge §8.3 pages of other origins get nothing, not even the socket', async () => {
    await using whole = await openWhole();
    const base = `http://127.0.0.1:${whole.port}`;
    await withForeignPage('evil.example', async (page) => {
      const call = { url: `${base}/auth`, method: 'GET', headers: { Authorization: 'x' } };
      expect(await fetchIn(page, call)).toMatchObject({ status: 0, phrase: 'TypeError' });
      const opened = await page.evaluate(
        (url) =>
          new Promise((resolve) => {
            const socket = new WebSocket(url);
            socket.onopen = () => resolve(true);
            socket.onerror = () => resolve(false);
          }),
        base.replace('http://', 'ws://'),
      );
      expect(opened).toBe(false);
    });
  }, 120_000);
});
