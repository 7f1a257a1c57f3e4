import type { Command } from 'commander';

/** The printer agent is a program of its own; this is its front door. All flags are its own, `--help` too. */
export function define(command: Command): void {
  command
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .argument('[flags...]', 'see switchyard printer-agent --help')
    .passThroughOptions()
    .action(drive);
}

async function drive(flags: readonly string[]): Promise<void> {
  const { runPrinterAgentCommand } = await import('@switchyard/printer-agent/command.ts');
  process.exitCode = await runPrinterAgentCommand(flags, process.env);
}
