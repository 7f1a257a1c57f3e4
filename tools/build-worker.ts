import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/**
 * Our worker as ONE file that needs nothing but Node 22 or newer: what the server gives out at `/worker.mjs`. Run by the
 * root's `prepare`, so that `npm ci` leaves nothing to build. Usage: node tools/build-worker.ts [outfile]
 */
const root = new URL('../packages/worker/', import.meta.url);
const outfile = process.argv[2] ?? fileURLToPath(new URL('dist/worker.mjs', root));
const limit = 300_000;

await build({
  entryPoints: [fileURLToPath(new URL('src/main.ts', root))],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'esm',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
});

const { size } = statSync(outfile);
if (size > limit) throw new Error(`${outfile} has ${size} bytes, more than ${limit}`);
process.stdout.write(`${outfile}: ${Math.round(size / 1_000)} kB\n`);
