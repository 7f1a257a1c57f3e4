import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** What is tested is what stands in the sources now, not what `prepare` built some time ago. */
export async function buildPage(): Promise<void> {
  await promisify(execFile)(process.execPath, [fileURLToPath(new URL('../../../../tools/build-dashboard.ts', import.meta.url))]);
}
