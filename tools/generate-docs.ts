import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from './lib.ts';
import { apiPage } from './reference/api.ts';
import { changesPage } from './reference/changes.ts';
import { errorsPage } from './reference/errors.ts';
import { metricsPage } from './reference/metrics.ts';
import { rolesPage } from './reference/roles.ts';
import { statesPage } from './reference/states.ts';

const folder = path.join(root, 'docs/reference');

async function pages(): Promise<Record<string, string>> {
  const made: Record<string, string> = {
    api: apiPage(),
    errors: errorsPage(),
    metrics: metricsPage(),
    changes: changesPage(),
    states: statesPage(),
    roles: rolesPage(),
  };
  if (existsSync(path.join(root, 'packages/server/src/config/options.ts'))) {
    const { optionsPage } = await import('./reference/options.ts');
    made.options = optionsPage();
  }
  return made;
}

async function isSame(file: string, text: string): Promise<boolean> {
  return existsSync(file) && (await readFile(file, 'utf8')) === text;
}

const check = process.argv.includes('--check');
await mkdir(folder, { recursive: true });
for (const [name, text] of Object.entries(await pages())) {
  const file = path.join(folder, `${name}.md`);
  if (await isSame(file, text)) continue;
  if (check) {
    console.log(`docs/reference/${name}.md is out of date: run npm run docs`);
    process.exitCode = 1;
  } else {
    await writeFile(file, text);
    console.log(`docs/reference/${name}.md`);
  }
}
