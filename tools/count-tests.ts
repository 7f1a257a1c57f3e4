import { readFileSync } from 'node:fs';

/** Prints `PASSED FAILED` of a vitest report in JSON, for `.ci/run`. A file of tests that could not be loaded counts as one failure. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly { readonly status: string }[] }[];
}

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: count-tests REPORT');
const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
const broken = report.testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((one) => one.status === 'failed'),
);
console.log(`${report.numPassedTests} ${report.numFailedTests + broken.length}`);
