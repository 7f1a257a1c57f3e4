import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeBrowser, noBrowser, openPage } from '../../../dashboard/test/lib/browser.ts';
import { type ApiYard, openApiYard } from '../api/lib/api-yard.ts';

let yard: ApiYard;
beforeEach(async () => {
  yard = await openApiYard();
});
afterEach(() => yard[Symbol.asyncDispose]());
afterAll(closeBrowser);

const get = (path: string) => fetch(`${yard.listener.url}${path}`);

describe('the page /docs', () => {
  it('loads nothing from elsewhere, has no script inside, and forbids both', async () => {
    for (const path of ['/docs', '/docs/page.css', '/docs/page.js']) {
      const answer = await get(path);
      expect([answer.status, answer.headers.get('x-content-type-options')]).toEqual([200, 'nosniff']);
      expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'/);
      expect(answer.headers.get('content-security-policy')).not.toContain('unsafe');
      const text = await answer.text();
      expect(text).not.toMatch(/https?:\/\//);
      expect(text).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\son[a-z]+=|<script(?![^>]*\ssrc=)/);
    }
  });

  it.skipIf(noBrowser)('shows every operation, and sends what is tried with the token that was typed', async () => {
    const { paths } = (await (await get('/openapi.json')).json()) as { paths: Record<string, Record<string, unknown>> };
    const operations = Object.values(paths).flatMap((item) => Object.keys(item)).length;
    await using shown = await openPage();
    const { page, complaints } = shown;
    await page.goto(`${yard.listener.url}/docs`);
    await page.locator('.operation').first().waitFor();
    expect(await page.locator('.operation').count()).toBe(operations);

    await page.fill('#find', 'whoami');
    const whoami = page.locator('.operation:visible');
    expect(await whoami.count()).toBe(1);
    await whoami.locator('summary').click();
    await whoami.getByRole('button', { name: 'GET it' }).click();
    await expect.poll(() => whoami.locator('.answer').textContent()).toContain('401');
    // The browser itself tells of a 401 on its console: that is expected, anything else is not.
    expect(complaints.splice(0).filter((text) => !text.includes('401'))).toEqual([]);
    await page.fill('#token', 'admin');
    await whoami.getByRole('button', { name: 'GET it' }).click();
    await expect.poll(() => whoami.locator('.answer').textContent()).toContain('"admin:write"');

    await page.fill('#find', 'post /v1/jobs');
    const submit = page
      .locator('.operation', { has: page.locator('.path', { hasText: /^\/v1\/jobs$/ }) })
      .locator('visible=true');
    await submit.first().locator('summary').first().click();
    const open = page.locator('.operation[open]:visible').first();
    await open.locator('textarea').fill('{"spec":{"argv":["true"]}}');
    await open.getByRole('button', { name: 'POST it' }).click();
    await expect.poll(() => open.locator('.answer').textContent()).toMatch(/^201 /);
    expect(complaints).toEqual([]);
  });

  it.skipIf(noBrowser)('shows hostile texts as texts', async () => {
    await using shown = await openPage();
    const { page, complaints } = shown;
    const bad = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
    const operation = { summary: bad, tags: [bad], parameters: [{ name: bad, in: 'query', description: bad, schema: {} }] };
    const hostile = { info: { version: bad }, paths: { [`/${bad}`]: { get: operation } }, components: {} };
    await page.route('**/openapi.json', (route) => route.fulfill({ json: hostile }));
    await page.goto(`${yard.listener.url}/docs`);
    await page.locator('.operation summary').click();
    await page.locator('.inside').waitFor();
    expect(await page.locator('main img, main script, h1 img').count()).toBe(0);
    expect(await page.title()).toBe('Switchyard API');
    expect(await page.locator('h2').textContent()).toBe(bad);
    expect(complaints).toEqual([]);
  });
});
