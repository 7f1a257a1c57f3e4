import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Yard } from '../../server/test/system/lib/yard.ts';
import { closeBrowser, noBrowser, openPage, type TestPage } from './lib/browser.ts';
import { buildPage } from './lib/build-page.ts';
import { logIn } from './lib/log-in.ts';

/** A real server with its worker, and a real browser that looks at it. */
describe.skipIf(noBrowser)('the dashboard in Chromium', { timeout: 60_000 }, () => {
  let yard: Yard;
  let place: TestPage;

  beforeEach(async () => {
    yard = await Yard.open();
    await yard.start();
    place = await openPage();
  });
  afterEach(async () => {
    await place[Symbol.asyncDispose]();
    await yard[Symbol.asyncDispose]();
  });
  beforeAll(buildPage, 60_000);
  afterAll(closeBrowser);

  const login = (): Promise<void> => logIn(place.page, yard);

  /** A job that says `one`, waits for a file, and says `two`. */
  async function gated(): Promise<{ id: number; open: () => Promise<void> }> {
    const gate = path.join(yard.dir.path, 'gate');
    const client = await yard.client();
    const script = `echo one; until [ -e '${gate}' ]; do sleep 0.05; done; printf '\\033[31mtwo\\033[0m\\n'`;
    const { job } = await client.jobs.submit({ name: 'gated', spec: { argv: ['sh', '-c', script] } });
    return { id: job.id, open: () => writeFile(gate, '') };
  }

  test('a wrong token is told so, in words, and nothing is shown', async () => {
    const { page } = place;
    await page.goto(yard.ready.url);
    await page.getByRole('button', { name: 'Log in with a token' }).click();
    await page.getByLabel('Token').fill('sy_wrong');
    await page.getByRole('button', { name: 'Log in', exact: true }).click();
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').textContent()).toMatch(/token/i);
    expect(await page.getByRole('navigation').count()).toBe(0);
  });

  test('a reload stays signed in; a one-time link lets in once; logging out ends it', async () => {
    const { page } = place;
    await login();
    await page.reload();
    await page.getByText('live', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel('Password').waitFor();
    await page.reload();
    await page.getByLabel('Password').waitFor();
    const token = await yard.adminToken();
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const link = (await (await fetch(`${yard.ready.url}/v1/links`, { method: 'POST', body: '{}', headers })).json()) as {
      path: string;
    };
    await page.goto('about:blank');
    await page.goto(yard.ready.url + link.path);
    await page.getByText('live', { exact: true }).waitFor();
    expect(page.url()).not.toContain('code');
    await using other = await openPage();
    await other.page.goto(yard.ready.url + link.path);
    await other.page.getByRole('alert').waitFor();
  });

  test('an account signs in with its password, and sees what it may', async () => {
    const { page } = place;
    const headers = { authorization: `Bearer ${await yard.adminToken()}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ username: 'ada', role: 'viewer', password: 'correct horse battery' });
    expect((await fetch(`${yard.ready.url}/v1/users`, { method: 'POST', headers, body })).status).toBe(201);
    await page.goto(yard.ready.url);
    await page.getByLabel('Username').fill('ada');
    await page.getByLabel('Password').fill('correct horse battery');
    await page.getByRole('button', { name: 'Log in', exact: true }).click();
    await page.getByText('live', { exact: true }).waitFor();
    expect(await page.getByRole('link', { name: 'Submit' }).count()).toBe(0);
    expect(await page.getByRole('link', { name: 'Jobs' }).count()).toBe(1);
  });

  test('a job comes into view as it is submitted, its output as it is written, its end as it ends', async () => {
    const { page } = place;
    await login();
    await page.getByRole('link', { name: 'Jobs' }).click();
    await page.getByText('No jobs here', { exact: false }).waitFor();
    const { open } = await gated();
    await page.getByRole('link', { name: 'gated' }).click();
    const log = page.getByRole('log');
    await log.getByText('one').waitFor();
    expect(await log.getByText('two').count()).toBe(0);
    await place.shot('job-running');
    await open();
    await log.getByText('two').waitFor();
    expect(await log.getByText('two').getAttribute('class')).toContain('ansi-red');
    await page.locator('.page > header .badge', { hasText: 'succeeded' }).waitFor();
    await page.getByLabel('Search in the output').fill('TW');
    await page.getByLabel('Search in the output').press('Enter');
    await page.getByText('1 of 1 found').waitFor();
    await place.shot('job-ended');
    expect(place.complaints).toEqual([]);
  });

  test('a click cancels it', async () => {
    const { page } = place;
    const { id } = await gated();
    await login();
    await page.goto(`${yard.ready.url}/#/job/${id}`);
    await page.getByRole('log').getByText('one').waitFor();
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.locator('.page > header .badge', { hasText: 'canceled' }).waitFor();
    const job = await (await yard.client()).jobs.show(id);
    expect(job.state).toBe('canceled');
  });

  test('a server that goes and comes back: the page says so, and goes on', async () => {
    const { page } = place;
    await login();
    await page.getByRole('link', { name: 'Jobs' }).click();
    await yard.kill();
    await page.getByText('reconnecting…').waitFor();
    await place.shot('reconnecting');
    await yard.start();
    await page.getByText('live', { exact: true }).waitFor();
    await gated();
    await page.getByRole('link', { name: 'gated' }).waitFor();
  });

  test('ten thousand jobs are scrolled with less than 200 rows in the page', { timeout: 120_000 }, async () => {
    const { page } = place;
    const client = await yard.client();
    for (let batch = 0; batch < 10; batch++) {
      const jobs = Array.from({ length: 1_000 }, (_, index) => ({
        name: `job ${batch * 1_000 + index + 1}`,
        hold: true,
        spec: { argv: ['true'] },
      }));
      await client.jobs.submitMany(jobs);
    }
    await login();
    await page.getByRole('link', { name: 'Jobs' }).click();
    await page.getByRole('link', { name: 'job 10000', exact: true }).waitFor();
    await place.shot('ten-thousand-jobs');
    const oldest = page.getByRole('link', { name: 'job 1', exact: true });
    let most = 0;
    while ((await oldest.count()) === 0) {
      await page.evaluate("document.querySelector('table.rows tbody').scrollTo(0, 1e9)");
      most = Math.max(most, await page.locator('table.rows tbody tr').count());
    }
    expect(most).toBeLessThan(200);
    expect(most).toBeGreaterThan(10);
    expect(place.complaints).toEqual([]);
  });
});
