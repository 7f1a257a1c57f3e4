import { afterEach, beforeEach, expect, test } from 'vitest';
import { filesOf, oxdnaPair, seriesOf, stageTask } from './lib/oxdna-yard.ts';
import { Yard } from './lib/yard.ts';

let yard: Yard;
beforeEach(() => {
  yard = new Yard();
});
afterEach(() => yard.close());

test('a stage runs to its end: files, result, progress and series', async () => {
  const { peer, server } = await oxdnaPair(yard);
  peer.run(stageTask(server));
  const end = await peer.got('end');
  expect(end).toMatchObject({ outcome: 'succeeded', exitCode: 0, error: null });
  const result = { extensions: 0, steps: 100, totalSteps: 100, engine: '3.7.0-stand-in', stretched: 0 };
  expect(end.result).toMatchObject(result);
  const files = await filesOf(peer, server);
  expect(Object.keys(files).sort()).toEqual(
    ['conf_end.dat', 'conf_start.dat', 'energy.dat', 'input.properties', 'oxDNA.log', 'trajectory.dat'].sort(),
  );
  expect(files['conf_end.dat']).toMatch(/^t = 100\n/);
  expect(files['trajectory.dat']?.match(/^t = /gm)).toHaveLength(10);
  expect(files['oxDNA.log']).toContain('INFO: END OF THE SIMULATION');
  expect(peer.output(1, 'err')).toBe(files['oxDNA.log']);
  expect(seriesOf(peer).map(([step]) => step)).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
  const last = peer.all('report').findLast(({ progress }) => progress !== undefined);
  expect(last).toMatchObject({ progress: { done: 100, total: 100, unit: 'steps' } });
});
