import { expect, test } from 'vitest';
import { admin, ok } from '../engine/lib/yard.ts';
import { until } from '../lib/until.ts';
import { openFarm, openPlace, type Place } from './lib/place.ts';

const modeOf = async ({ yard }: Place): Promise<string> => ok(await yard.engine.query.worker(admin, 1)).mode;

async function wish({ yard }: Place, mode: 'asleep' | 'awake'): Promise<void> {
  ok(await yard.engine.command(admin, 'wish', { worker: 1, mode, lazy: true }));
}

test('maintenance outlasts a printer that does not answer, and an agent that goes and comes back', async () => {
  await using place = await openPlace();
  const { agent, garage, printer, ears } = await openFarm(place);
  await wish(place, 'asleep');
  await until(async () => (await modeOf(place)) === 'asleep');
  await agent.report(printer, { status: 'unavailable' });
  await ears.status(({ status }) => status === 'unavailable');
  expect(await modeOf(place)).toBe('asleep');
  agent.vanish();
  await until(async () => ok(await place.yard.engine.query.worker(admin, 1)).status === 'lost');
  const back = await place.agent(garage.token);
  await back.report(printer, { status: 'available' });
  await ears.status(({ status }) => status === 'available');
  expect(await modeOf(place)).toBe('asleep');
  back.vanish();
  await until(async () => ok(await place.yard.engine.query.worker(admin, 1)).status === 'lost');
  // Said while nobody was there to hear it.
  await wish(place, 'awake');
  const again = await place.agent(garage.token);
  await again.report(printer, { status: 'available' });
  await until(async () => (await modeOf(place)) === 'awake');
  expect(ok(await place.yard.engine.query.worker(admin, 1)).wanted).toBeNull();
});
