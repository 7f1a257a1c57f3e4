import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** Debian's, or what `SWITCHYARD_CHROMIUM` names. Null: there is none on this machine. */
export const chromiumPath: string | null = findChromium();

function findChromium(): string | null {
  const named = process.env['SWITCHYARD_CHROMIUM'];
  if (named !== undefined) return named;
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  const places = ['chromium', 'chromium-browser', 'google-chrome'].flatMap((name) => folders.map((dir) => path.join(dir, name)));
  return places.find((place) => existsSync(place)) ?? null;
}

/** Said when the browser tests are skipped. Where everything must be there (CI), they run and fail instead. */
export const noBrowser = chromiumPath === null && process.env['CI'] === undefined;
if (noBrowser)
  console.warn('The dashboard is not tested: no chromium here (apt-get install chromium, or set SWITCHYARD_CHROMIUM)');

const output = fileURLToPath(new URL('../output/', import.meta.url));

export interface TestPage extends AsyncDisposable {
  readonly page: Page;
  /** What the page complained about; tests expect none but what they provoke. */
  readonly complaints: string[];
  /** A picture for people, in `test/output`. */
  shot(name: string): Promise<void>;
}

let browser: Promise<Browser> | null = null;

export async function openPage(options: BrowserContextOptions = {}): Promise<TestPage> {
  browser ??= chromium.launch({ executablePath: chromiumPath ?? 'chromium', args: ['--no-sandbox'] });
  const context = await (await browser).newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  return {
    page,
    complaints,
    async shot(name) {
      await mkdir(output, { recursive: true });
      await page.screenshot({ path: path.join(output, `${name}.png`) });
    },
    [Symbol.asyncDispose]: () => context.close(),
  };
}

export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
  browser = null;
}
