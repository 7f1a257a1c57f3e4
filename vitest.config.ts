import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Where `.ci/run` wants the results as JSON; not set for people. */
const report = process.env.SWITCHYARD_TEST_REPORT;

export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.test.ts'],
    // Processes, not threads: tests start servers and send signals, and a crash must harm nobody else.
    pool: 'forks',
    // One more than there are cores: many files mostly wait for processes that they started. Vitest's own choice leaves a core idle.
    maxWorkers: availableParallelism() + 1,
    // Nobody waits for a clock; these only end what hangs on a slow machine.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
    allowOnly: false,
    reporters: report === undefined ? ['default'] : ['default', 'json'],
    ...(report === undefined ? {} : { outputFile: { json: report } }),
  },
});
