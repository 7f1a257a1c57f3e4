import type { Bench } from '../lib/bench.ts';
import { claim } from './claim.ts';
import { concierge } from './concierge.ts';
import { dashboard } from './dashboard.ts';
import { dnaforge } from './dnaforge.ts';
import { flamenco } from './flamenco.ts';
import { get } from './get.ts';
import { idle } from './idle.ts';
import { kill } from './kill.ts';
import { kueue } from './kueue.ts';
import { printer } from './printer.ts';
import { printerlynx } from './printerlynx.ts';
import { processing } from './process.ts';
import { restart } from './restart.ts';
import { spawn } from './spawn.ts';
import { start } from './start.ts';
import { submit } from './submit.ts';

/** In the order of a run. */
export const benches: readonly Bench[] = [
  submit,
  processing,
  start,
  spawn,
  claim,
  restart,
  idle,
  get,
  kill,
  kueue,
  concierge,
  dnaforge,
  printer,
  printerlynx,
  flamenco,
  dashboard,
];
