import { existsSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { root } from './lib.ts';

/** Our worker as ONE file that needs nothing but Node: what the server gives out at `/worker.mjs`. Made by `npm ci` (`prepare`). */
const entry = path.join(root, 'packages/worker/src/main.ts');
const outfile = path.join(root, 'packages/worker/dist/worker.mjs');

if (existsSync(entry)) {
  const { metafile } = await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    metafile: true,
    legalComments: 'inline',
    logLevel: 'warning',
  });
  const bytes = Object.values(metafile.outputs).reduce((sum, one) => sum + one.bytes, 0);
  console.log(`packages/worker/dist/worker.mjs, ${Math.round(bytes / 1024)} KiB`);
} else {
  console.log('packages/worker/src/main.ts is not there yet: no worker file made');
}
