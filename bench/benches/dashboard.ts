import { chromium, type Page } from 'playwright-core';
import { chromiumPath } from '../../packages/dashboard/test/lib/browser.ts';
import { createClient } from '../../packages/sdk/src/client/client.ts';
import type { Bench } from '../lib/bench.ts';
import { stamp } from '../lib/clock.ts';
import { Closing } from '../lib/closing.ts';
import { median } from '../lib/figures.ts';
import { tempFolder } from '../lib/temp-folder.ts';
import { startServer } from '../ours/server.ts';

const rounds = 7;
const jobs = 10_000;
const first = `job ${jobs}`;

export const dashboard: Bench = {
  name: 'dashboard',
  title: 'The dashboard in a browser',
  method: `A server with ${jobs} jobs and Debian's chromium without a screen, signed in. "First view": from the address being opened in a page of a fresh context (nothing cached) until the newest job stands in the list. "Again": the same after a reload. ${rounds} rounds.`,
  async run() {
    if (chromiumPath === null) return { lines: [], verdicts: [], leftOut: [{ who: 'dashboard', why: 'there is no chromium' }] };
    await using closing = new Closing();
    const server = closing.add(await startServer(closing.add(await tempFolder('dashboard')).path));
    const { url, token } = server;
    const client = createClient({ server: url, token });
    for (let at = 0; at < jobs; at += 1_000) await fill(client, at);
    const browser = closing.add(await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] }));
    const views: number[] = [];
    const again: number[] = [];
    const heaps: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const context = await browser.newContext();
      const page = await context.newPage();
      const { path } = await linkOf(url, token);
      await page.goto(url + path);
      await page.getByText('live', { exact: true }).waitFor();
      const state = await context.storageState();
      await context.close();
      const fresh = await browser.newContext({ storageState: state });
      const view = await fresh.newPage();
      views.push(await shown(view, () => view.goto(`${url}/#/jobs`)));
      again.push(await shown(view, () => view.reload()));
      heaps.push(await heapMb(view));
      await fresh.close();
    }
    return {
      lines: [
        { what: `first view of ${jobs} jobs`, unit: 'ms', rounds: views },
        { what: 'the same again', unit: 'ms', rounds: again },
        { what: 'heap of the page after a collection', unit: 'MB', rounds: heaps },
      ],
      verdicts: [{ target: `first view of ${jobs} jobs`, value: median(views), limit: 1_000, better: 'lower', unit: 'ms' }],
    };
  },
};

async function fill(client: ReturnType<typeof createClient>, at: number): Promise<void> {
  const some = Array.from({ length: 1_000 }, (_, index) => ({
    name: `job ${at + index + 1}`,
    hold: true,
    spec: { argv: ['true'] },
  }));
  await client.jobs.submitMany(some);
}

async function linkOf(url: string, token: string): Promise<{ path: string }> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return (await (await fetch(`${url}/v1/links`, { method: 'POST', body: '{}', headers })).json()) as { path: string };
}

/** How long it takes until the newest job can be read. */
async function shown(page: Page, open: () => Promise<unknown>): Promise<number> {
  const from = stamp();
  await open();
  await page.getByRole('link', { name: first, exact: true }).waitFor();
  return stamp() - from;
}

async function heapMb(page: Page): Promise<number> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('HeapProfiler.enable');
  await devtools.send('HeapProfiler.collectGarbage');
  return (await devtools.send('Runtime.getHeapUsage')).usedSize / 1e6;
}
