import { expect, test } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import { admin } from '../engine/lib/yard.ts';
import { until } from '../lib/until.ts';
import { Editor, told } from './lib/client.ts';
import { Stager } from './lib/fleet.ts';
import { jobNew, manual } from './lib/jobs.ts';
import { openPlace } from './lib/place.ts';

const turns = async (n: number): Promise<void> => {
  for (let i = 0; i < n; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** The store's answers about tasks wait until the gate is opened. */
function gated() {
  let gate = Promise.withResolvers<void>();
  gate.resolve();
  const around = (engine: Engine): Engine => ({
    ...engine,
    query: {
      ...engine.query,
      task: async (by, id) => {
        await gate.promise;
        return engine.query.task(by, id);
      },
    },
  });
  return {
    around,
    shut: () => {
      gate = Promise.withResolvers();
    },
    open: () => gate.resolve(),
  };
}

test('an answer waits for the news of it, and the news for what happened before', async () => {
  const gate = gated();
  await using place = await openPlace({ around: gate.around });
  const editor = await Editor.enter(place.port);
  const ears = await editor.socket();
  await editor.submit(jobNew([manual(), manual()]));
  const fleet = await Stager.enter(place);
  const stage = await fleet.take();
  await ears.until((heard) => told(heard) === 'JobUpdate RUNNING');
  gate.shut();
  await fleet.end(stage, { files: { 'conf_end.dat': 'x' } });
  let answered = false;
  const canceled = editor.call('PATCH', '/job/0').then(() => {
    answered = true;
  });
  await until(async () => (await place.yard.engine.query.job(admin, 1)).value?.intent === 'cancel');
  await turns(50);
  expect(answered).toBe(false);
  gate.open();
  const heard = await ears.until(({ job }) => job?.status === 'CANCELED');
  expect(heard.map(({ job }) => [job?.status, job?.completedStages])).toEqual([
    ['RUNNING', 1],
    ['CANCELED', 1],
  ]);
  await canceled;
});

test('what happens while the list is read for the first time is not lost', async () => {
  const gate = Promise.withResolvers<void>();
  let asked = 0;
  let held = false;
  const around = (engine: Engine): Engine => ({
    ...engine,
    query: {
      ...engine.query,
      jobs: async (by, filter, page) => {
        const rows = await engine.query.jobs(by, filter, page);
        asked++;
        if (held) await gate.promise;
        return rows;
      },
    },
  });
  await using place = await openPlace({ around });
  const editor = await Editor.enter(place.port);
  await editor.submit(jobNew([manual()]));
  await editor.submit(jobNew([manual()]));
  await place.restart();
  held = true;
  const again = Editor.known(place.port, editor.token);
  const list = again.list();
  const before = asked;
  await until(() => asked > before || asked > 2);
  const { engine } = place.yard;
  await engine.command(admin, 'cancel', { job: 1, kill: true });
  await engine.command(admin, 'delete', { job: 2 });
  gate.resolve();
  expect((await list).map(({ id, status }) => `${id} ${status}`)).toEqual(['0 CANCELED']);
});
