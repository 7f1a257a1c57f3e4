import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { watchReaders } from './kit/reader-gone.ts';

// A third of the start-up time. In the user's own folder: the usual place is below /tmp, which others can write to.
enableCompileCache(join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'switchyard'));
watchReaders();

const { runCli } = await import('./run-cli.ts');
await runCli(process.argv.slice(2));
