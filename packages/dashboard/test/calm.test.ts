import type { CDPSession } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Yard } from '../../server/test/system/lib/yard.ts';
import { pages } from './lib/all-pages.ts';
import { closeBrowser, noBrowser, openPage } from './lib/browser.ts';
import { buildPage } from './lib/build-page.ts';
import { logIn } from './lib/log-in.ts';

/** Controls in view without a name that a screen reader could say. */
const nameless = `[...document.querySelectorAll('button, a[href], input, select, textarea, [role=img]')]
  .filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim() || e.title || e.labels?.length || e.querySelector('title')))
  .map((e) => e.outerHTML.slice(0, 200))`;
const tooWide = `(() => { const m = document.querySelector('main'); return Math.max(m.scrollWidth - m.clientWidth, document.documentElement.scrollWidth - innerWidth); })()`;

describe.skipIf(noBrowser)('calm and usable', () => {
  let yard: Yard;

  beforeAll(buildPage, 60_000);
  beforeEach(async () => {
    yard = await Yard.open();
    await yard.start();
  });
  afterEach(() => yard[Symbol.asyncDispose]());
  afterAll(closeBrowser);

  test('on a phone no page is wider than the screen, and every control has a name', { timeout: 120_000 }, async () => {
    const client = await yard.client();
    const name = 'a rather long name of a job as people who think of the next year give it to their jobs';
    const spec = { argv: ['sh', '-c', 'echo $0', 'x'.repeat(300)], array: { from: 1, to: 30 } };
    const { job } = await client.jobs.submit({ name, spec });
    await client.jobs.wait(job.id);
    await client.jobs.submit({ name, spec: { argv: ['true'], needs: { tags: ['none-has-this'] } } });
    await client.files.keep('notes.txt', 'hello');
    await using place = await openPage({ viewport: { width: 390, height: 844 } });
    const { page } = place;
    await logIn(page, yard);
    const found: Record<string, unknown> = {};
    for (const address of pages(job.id)) {
      await page.goto(`${yard.ready.url}/#/${address}`);
      await page.locator('main h1').waitFor();
      await page.getByText('Reading…').waitFor({ state: 'hidden' });
      const faults = [await page.evaluate(tooWide), await page.evaluate(nameless)];
      if (JSON.stringify(faults) !== '[0,[]]') found[address] = faults;
    }
    expect(found).toEqual({});
  });

  test('a flood of changes neither stops the page nor makes it grow', { timeout: 300_000 }, async () => {
    const size = 1_000;
    const client = await yard.client();
    const needs = { tags: ['none-has-this'] };
    const tasks = Array.from({ length: size }, (_, index) => ({ key: `t${index}`, argv: ['true'], needs }));
    const { job } = await client.jobs.submit({ name: 'flood', kind: 'graph', spec: { tasks } });
    await using place = await openPage();
    const { page } = place;
    await logIn(page, yard);
    await page.goto(`${yard.ready.url}/#/job/${job.id}`);
    const badge = page.locator('.page > header .badge');
    await badge.getByText('waiting').waitFor();
    await page.evaluate('globalThis.frames_ = 0; (function next() { frames_++; requestAnimationFrame(next); })(); 0');
    const devtools = await page.context().newCDPSession(page);
    let frames = 0;
    /** Every round is twice as many changes as there are tasks. */
    const round = async (): Promise<void> => {
      await client.jobs.cancel(job.id);
      await client.jobs.wait(job.id);
      await client.jobs.retry(job.id);
      while ((await client.jobs.show(job.id)).counts.ready < size);
      const drawn = (await page.evaluate('frames_')) as number;
      expect(drawn).toBeGreaterThan(frames);
      frames = drawn;
    };
    for (let index = 0; index < 3; index++) await round();
    const before = await heapBytes(devtools);
    const { newestChange } = await client.stats();
    for (let index = 0; index < 11; index++) await round();
    expect((await client.stats()).newestChange - newestChange).toBeGreaterThanOrEqual(20_000);
    await badge.getByText('waiting').waitFor();
    expect((await heapBytes(devtools)) - before).toBeLessThan(4_000_000);
    await page.getByRole('link', { name: 'Jobs', exact: true }).click();
    await page.getByRole('link', { name: 'flood' }).waitFor();
    expect(place.complaints).toEqual([]);
  });
});

async function heapBytes(devtools: CDPSession): Promise<number> {
  await devtools.send('HeapProfiler.enable');
  await devtools.send('HeapProfiler.collectGarbage');
  return (await devtools.send('Runtime.getHeapUsage')).usedSize;
}
