import type { Command } from 'commander';

/** Our worker is a program of its own; this is its front door. All flags are its own, `--help` too. */
export function define(command: Command): void {
  command
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .argument('[flags...]', 'see switchyard worker --help')
    .passThroughOptions()
    .action(work);
}

async function work(flags: readonly string[]): Promise<void> {
  const { runWorker } = await import('@switchyard/worker/run-worker.ts');
  process.exitCode = await runWorker(flags);
}
