import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ProgressScanner, type Report } from '../src/progress.ts';
import { sh } from './lib/scripted-server.ts';
import { Yard } from './lib/yard.ts';

let yard: Yard;
beforeEach(() => {
  yard = new Yard();
});
afterEach(() => yard.close());

function scan(...pieces: string[]): Report {
  const scanner = new ProgressScanner();
  let report: Report = {};
  for (const piece of pieces) report = { ...report, ...scanner.scan(Buffer.from(piece)) };
  return report;
}

test.each([
  ['::progress 0.4::\n', 0.4, 1, null],
  ['::progress 12/240 frames::\n', 12, 240, 'frames'],
  ['::progress 7/9::\r\n', 7, 9, null],
  ['::progress 35 %::', 35, 100, '%'],
  ['::progress 1200::\n', 1_200, null, null],
  ['text\n::progress 0.1::\nmore\n::progress 0.2::\nmore\n', 0.2, 1, null],
  ['rendering 40%', 40, 100, '%'],
  ['\r 12.5% |###', 12.5, 100, '%'],
  ['[100%]', 100, 100, '%'],
  ['a: 10%\nb: 20%\n', 20, 100, '%'],
])('%j', (text, done, total, unit) => {
  expect(scan(text).progress).toEqual({ done, total, unit });
});

test.each(['::progress x::\n', 'say ::progress 0.4::\n', '::progress 0.4', 'x40%', '400%', '%', '40', '::phase ::\n', '0.40.4%'])(
  'not progress: %j',
  (text) => {
    expect(scan(text)).toEqual({});
  },
);

test('phase', () => {
  expect(scan('::phase Baking lights é::\n')).toEqual({ phase: 'Baking lights é' });
});

test('after the first ::progress percentages count no more', () => {
  expect(scan('50%\n', '::progress 1/4::\n', '99%\n').progress).toEqual({ done: 1, total: 4, unit: null });
});

test('what is cut into pieces anywhere is found all the same', () => {
  const text = 'line one\n::phase Two::\nand ::progress 0.9:: no\n::progress 12/240 frames::\nlast line 77%\n';
  const whole = { phase: 'Two', progress: { done: 12, total: 240, unit: 'frames' } };
  fc.assert(
    fc.property(fc.array(fc.nat(text.length), { maxLength: 8 }), (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), text.length];
      const pieces = at.slice(1).map((end, index) => text.slice(at[index], end));
      expect(scan(...pieces)).toEqual(whole);
    }),
  );
});

test('reports reach the server while it runs, and the last one before the end', async () => {
  const { peer } = await yard.pair();
  peer.run(sh('echo ::phase Start::; i=0; while [ $i -lt 200 ]; do i=$((i+1)); echo "::progress $i/200 steps::"; done'));
  await peer.got('end');
  const reports = peer.all('report');
  expect(reports.some((report) => report.phase === 'Start')).toBe(true);
  expect(reports.at(-1)?.progress).toEqual({ done: 200, total: 200, unit: 'steps' });
  expect(reports.length).toBeLessThan(6);
});
