import { runPrinterAgentCommand } from './command.ts';

process.exitCode = await runPrinterAgentCommand(process.argv.slice(2), process.env);
