#!/usr/bin/env node
import { runWorkerCommand } from './command.ts';

process.exit(await runWorkerCommand(process.argv.slice(2), process.env));
