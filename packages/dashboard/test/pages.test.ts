import { once } from 'node:events';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Yard } from '../../server/test/system/lib/yard.ts';
import { closeBrowser, noBrowser, openPage, type TestPage } from './lib/browser.ts';
import { buildPage } from './lib/build-page.ts';
import { logIn } from './lib/log-in.ts';

describe.skipIf(noBrowser)('the pages', { timeout: 60_000 }, () => {
  let yard: Yard;
  let place: TestPage;

  beforeAll(buildPage, 60_000);
  beforeEach(async () => {
    yard = await Yard.open();
    await yard.start();
    place = await openPage();
  });
  afterEach(async () => {
    await place[Symbol.asyncDispose]();
    await yard[Symbol.asyncDispose]();
  });
  afterAll(closeBrowser);

  /** It comes a moment after the server. */
  async function localWorker(): Promise<number> {
    const client = await yard.client();
    for (;;) {
      const id = (await client.workers.list())[0]?.id;
      if (id !== undefined) return id;
    }
  }

  const go = (hash: string) => place.page.goto(`${yard.ready.url}/#/${hash}`);
  const state = (text: string) => place.page.locator('.page > header .badge', { hasText: text });

  test('overview: problems first, what waits says why; the job says it too', async () => {
    const { page } = place;
    const client = await yard.client();
    const failing = await client.jobs.submit({ name: 'breaks', spec: { argv: ['false'] } });
    await client.jobs.wait(failing.job.id);
    const { job } = await client.jobs.submit({ name: 'wants a GPU', spec: { argv: ['true'], needs: { tags: ['gpu'] } } });
    await logIn(page, yard);
    await page.getByRole('region', { name: 'Problems' }).getByRole('link', { name: 'breaks' }).waitFor();
    await page.getByRole('region', { name: 'Queue' }).getByText('without the tag gpu').waitFor();
    await go(`job/${job.id}`);
    await page.getByRole('complementary', { name: 'Why it waits' }).getByText('without the tag gpu').waitFor();
    expect(place.complaints).toEqual([]);
  });

  test('a picture that a job made is shown on its page and on the overview, and the next one in its place', {
    timeout: 60_000,
  }, async () => {
    const { page } = place;
    const client = await yard.client();
    const { job } = await client.jobs.submit({ name: 'film', hold: true, spec: { argv: ['true'] } });
    const show = async (background: string): Promise<void> => {
      const picture = await sharp({ create: { width: 64, height: 36, channels: 3, background } })
        .png()
        .toBuffer();
      const headers = { authorization: `Bearer ${await yard.adminToken()}` };
      const url = `${yard.ready.url}/v1/tasks/${job.firstTask}/image`;
      expect((await fetch(url, { method: 'PUT', headers, body: new Uint8Array(picture) })).status).toBe(204);
    };
    await logIn(page, yard);
    await go(`job/${job.id}`);
    await page.getByText('its job is held').waitFor();
    const image = page.getByRole('img', { name: 'Newest of film' });
    expect(await image.count()).toBe(0);
    await show('red');
    await image.waitFor();
    const first = await image.getAttribute('src');
    await show('blue');
    await page.locator(`.picture img:not([src="${first}"])`).waitFor();
    await expect.poll(() => image.evaluate((element) => (element as unknown as { naturalWidth: number }).naturalWidth)).toBe(64);
    await go('');
    await page.getByRole('region', { name: 'Newest picture' }).getByRole('img').waitFor();
    expect(place.complaints).toEqual([]);
  });

  test('a worker is lost, and back: both pages say so as it happens', { timeout: 60_000 }, async () => {
    const { page } = place;
    const token = path.join(yard.dir.path, 'other.token');
    await yard.cli(['token', 'create', 'other', '--role', 'worker', '--to', token]);
    const flags = ['--server', yard.ready.url, '--token-file', token, '--name', 'other', '--slots', '1'];
    const begin = () => yard.begin(['worker', ...flags, '--work', path.join(yard.dir.path, 'work')]);
    await logIn(page, yard);
    await page.getByRole('link', { name: 'Workers', exact: true }).click();
    const worker = begin();
    const card = page.locator('.cards article', { has: page.getByRole('link', { name: 'other' }) });
    await card.locator('.badge', { hasText: 'awake' }).waitFor();
    const { id = 0 } = (await (await yard.client()).workers.list()).find(({ name }) => name === 'other') ?? {};
    worker.kill('SIGKILL');
    await once(worker, 'exit');
    await card.locator('.badge', { hasText: 'lost' }).waitFor();
    await go('');
    await page.getByRole('region', { name: 'Problems' }).getByRole('link', { name: 'other' }).waitFor();
    await go(`worker/${id}`);
    await state('lost').waitFor();
    begin();
    await state('awake').waitFor();
  });

  test('a worker: when it sleeps is set and removed, a job that it may not try is forgiven', { timeout: 60_000 }, async () => {
    const { page } = place;
    const client = await yard.client();
    const id = await localWorker();
    const { job } = await client.jobs.submit({ name: 'blocked', hold: true, spec: { argv: ['true'] } });
    await logIn(page, yard);
    await go(`worker/${id}`);
    await page.getByText('It has no sleep schedule.').waitFor();
    await page.getByRole('checkbox', { name: 'su' }).check();
    await page.getByLabel('Sleeps from').fill('23:30');
    await page.getByRole('button', { name: 'Set sleep' }).click();
    await page.getByText('Sleeps mo, tu, we, th, fr, su from 23:30 to 06:00').waitFor();
    expect(await client.workers.sleep(id)).toMatchObject({ start: '23:30', end: '06:00', active: true });
    await page.getByRole('button', { name: 'Remove' }).click();
    await page.getByText('It has no sleep schedule.').waitFor();
    await page.getByText('None: it may try every job.').waitFor();
    await client.jobs.block(job.id, { worker: id, kind: 'shell' });
    await page.getByRole('button', { name: 'Forgive' }).click();
    await page.getByText('None: it may try every job.').waitFor();
    expect(await client.workers.blocks(id)).toEqual([]);
  });

  test('services: who is connected is shown, and can be sent away', async () => {
    const { page } = place;
    const socket = new WebSocket(`${yard.ready.url.replace('http', 'ws')}/ws`, 'ert-concierge');
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'IDENTIFY', name: 'plotter', version: '0.2.0' }));
    socket.send(JSON.stringify({ type: 'SERVICE_CREATE', service: 'energies' }));
    await logIn(page, yard);
    await page.getByRole('link', { name: 'Services' }).click();
    await page.getByRole('cell', { name: 'energies' }).waitFor();
    page.on('dialog', (dialog) => void dialog.accept());
    const closed = once(socket, 'close');
    await page.getByRole('button', { name: 'Send away' }).click();
    const [{ code }] = (await closed) as [{ code: number }];
    expect(code).toBe(4012);
    await page.getByText('Nobody is connected.').waitFor();
    expect(place.complaints).toEqual([]);
  });

  test('printers: the plate is cleared, a line is sent, one that is not allowed is refused, the stop goes through', async () => {
    const { page } = place;
    const headers = { authorization: `Bearer ${await yard.adminToken()}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ name: 'bench' });
    const made = await fetch(`${yard.ready.url}/v1/agents`, { method: 'POST', headers, body });
    const env = { SWITCHYARD_TOKEN: ((await made.json()) as { token: string }).token };
    const flags = ['--server', yard.ready.url, '--data', path.join(yard.dir.path, 'agent'), '--port', 'Prusa=virtual'];
    yard.begin(['printer-agent', ...flags], { env });
    await logIn(page, yard);
    await page.getByRole('link', { name: 'Printers', exact: true }).click();
    await page.getByRole('button', { name: 'Plate is clear' }).click();
    await page.locator('.cards .badge', { hasText: 'ready' }).waitFor();
    await page.getByRole('link', { name: 'Prusa' }).click();
    await page.getByRole('img', { name: 'Temperatures of Prusa' }).waitFor();
    await page.getByLabel('G-code').fill('M28');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText('Command is not allowed').waitFor();
    await page.getByLabel('G-code').fill('M104 S50');
    await page.getByLabel('G-code').press('Enter');
    await page.getByText('→ 50 °C').waitFor();
    await page.getByRole('button', { name: 'Emergency stop' }).click();
    await state('unavailable').waitFor();
  });

  test('files: one is kept, and removed', async () => {
    const { page } = place;
    const client = await yard.client();
    await logIn(page, yard);
    await page.getByRole('link', { name: 'Files' }).click();
    await page.getByText('Nobody keeps a file here.').waitFor();
    const file = { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') };
    await page.getByLabel('File to keep').setInputFiles(file);
    await page.getByRole('button', { name: 'Upload' }).click();
    await page.getByRole('cell', { name: 'notes.txt' }).waitFor();
    expect(await client.files.kept()).toMatchObject([{ name: 'notes.txt', size: 5 }]);
    page.on('dialog', (dialog) => void dialog.accept());
    await page.getByRole('button', { name: 'Remove' }).click();
    await page.getByText('Nobody keeps a file here.').waitFor();
    expect(await client.files.kept()).toEqual([]);
    expect(place.complaints).toEqual([]);
  });

  test('all jobs that are shown are chosen and canceled at once', async () => {
    const { page } = place;
    const client = await yard.client();
    await client.jobs.submitMany(Array.from({ length: 5 }, () => ({ hold: true, spec: { argv: ['true'] } })));
    await logIn(page, yard);
    await page.getByRole('link', { name: 'Jobs' }).click();
    await page.getByRole('checkbox', { name: 'Choose job 5' }).waitFor();
    await page.getByRole('checkbox', { name: 'Choose all that are shown' }).check();
    await page.getByText('5 chosen').waitFor();
    page.on('dialog', (dialog) => void dialog.accept());
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('5 canceled').waitFor();
    expect((await client.jobs.list()).jobs.map((job) => job.state)).toEqual(Array(5).fill('canceled'));
  });

  test('keys lead from page to page and from row to row', async () => {
    const { page } = place;
    await (await yard.client()).jobs.submit({ name: 'only', hold: true, spec: { argv: ['true'] } });
    await logIn(page, yard);
    await page.keyboard.press('g');
    await page.keyboard.press('j');
    await page.getByRole('link', { name: 'only' }).waitFor();
    await page.keyboard.press('/');
    expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe('Name contains');
    await page.keyboard.type('gj');
    expect(page.url()).toContain('name=gj');
  });
});
