import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { root } from './lib.ts';

/**
 * The dashboard as static files, in `packages/dashboard/dist`: what the server gives out at `/` and `/ui/`. Run by the root's
 * `prepare`, so that `npm ci` leaves nothing to build.
 */
const limit = 300_000;
const home = path.join(root, 'packages/dashboard');

// A test run builds it too, and must get what people get.
process.env['NODE_ENV'] = 'production';
await build({ configFile: path.join(home, 'vite.config.ts'), logLevel: 'warn' });

const dist = path.join(home, 'dist');
const files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
const sizes = files.map(({ parentPath, name }) => gzipSync(readFileSync(path.join(parentPath, name))).length);
const size = sizes.reduce((sum, one) => sum + one, 0);
if (size > limit) throw new Error(`the dashboard has ${size} bytes gzipped, more than ${limit}`);
process.stdout.write(`${dist}: ${Math.round(size / 1_000)} kB gzipped\n`);
