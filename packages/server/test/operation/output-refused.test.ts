import { expect, it } from 'vitest';
import type { Store } from '../../src/ports/store.ts';
import { openApiYard } from '../api/lib/api-yard.ts';
import { hello, socketWorker } from '../api/lib/socket-worker.ts';

const refusal = { code: 'storage', detail: 'database or disk is full' } as const;

/** A disk that has no room for output. */
const around = (store: Store): Store => ({
  ...store,
  async run(commands, lane) {
    if (!commands.some(({ name }) => name === 'appendLog')) return store.run(commands, lane);
    const answers = commands.map(() => ({ refusal }));
    return { answers, changes: [], wake: { classes: [], workers: [], due: [], sweeps: false } };
  },
});

// A rejection that nobody hears ends a server; here it ends the test.
it('output that the disk has no room for ends the connection, so that it is sent again, and nothing else', async () => {
  await using place = await openApiYard({ around });
  await using worker = await socketWorker(place.listener.url);
  worker.say(hello());
  await worker.hear('welcome');
  const { job } = await place.as('ada').jobs.submit({ spec: { argv: ['x'], cwd: '/' } });
  await worker.hear('run');
  for (let n = 0; n < 4; n++) worker.log(job.firstTask, 1, n * 5, 'line\n');
  await worker.gone();
  expect(worker.closed?.code).toBe(1011);
  expect((await place.as('ada').jobs.show(job.id)).state).toBe('active');
  expect(worker.heard.some(({ m }) => m === 'logged')).toBe(false);
});
