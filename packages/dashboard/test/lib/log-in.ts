import type { Page } from 'playwright-core';
import type { Yard } from '../../../server/test/system/lib/yard.ts';

/** As an administrator does who has the token at hand; settles when the page is live. */
export async function logIn(page: Page, yard: Yard): Promise<void> {
  await page.goto(yard.ready.url);
  await page.getByRole('button', { name: 'Log in with a token' }).click();
  await page.getByLabel('Token').fill(await yard.adminToken());
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await page.getByText('live', { exact: true }).waitFor();
}
