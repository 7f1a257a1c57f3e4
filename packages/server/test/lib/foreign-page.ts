import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium, type Page } from 'playwright-core';
import { chromiumPath } from '../../../dashboard/test/lib/browser.ts';
import { tempDir } from './temp-dir.ts';

/**
 * A page of another origin than the server's, as an editor's or a front end's is; empty but for what a test runs in it.
 * `evil.example` leads to it too.
 */
export async function withForeignPage(host: string, work: (page: Page) => Promise<void>): Promise<void> {
  const pages = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<title>foreign</title>'));
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
  const dir = await tempDir();
  const browser = await chromium.launchPersistentContext(dir.path, {
    executablePath: chromiumPath ?? 'chromium',
    headless: true,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--host-resolver-rules=MAP evil.example 127.0.0.1'],
  });
  try {
    const page = await browser.newPage();
    await page.goto(`http://${host}:${(pages.address() as AddressInfo).port}/`);
    await work(page);
  } finally {
    await browser.close();
    await dir.remove();
    await new Promise((resolve) => pages.close(resolve));
  }
}
