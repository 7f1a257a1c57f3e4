#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { runWorkerCommand } from './command.ts';

// Starting a process copies the page tables of this one: every MiB of heap makes it slower. The heap's nursery grows to
// 32 MiB and more under load although our objects die young in the first: it stays as it is.
setFlagsFromString('--semi-space-growth-factor=1');

process.exit(await runWorkerCommand(process.argv.slice(2), process.env));
