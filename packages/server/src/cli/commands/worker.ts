import type { Command } from 'commander';
import { outputIsBeside } from '../kit/reader-gone.ts';

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
  outputIsBeside();
  const { runWorkerCommand } = await import('@switchyard/worker/command.ts');
  process.exitCode = await runWorkerCommand(flags, process.env);
}
