import { enableCompileCache } from 'node:module';
import { watchReaders } from './kit/reader-gone.ts';

enableCompileCache();
watchReaders();

const { runCli } = await import('./run-cli.ts');
await runCli(process.argv.slice(2));
