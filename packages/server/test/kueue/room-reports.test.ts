import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  deferredRoom,
  gaveRoom,
  noRoom,
  type RoomState,
  stepRoom,
  tookRoom,
  undoneRoom,
} from '../../src/doors/kueue/room-reports.ts';

const room = (job_slots: number, cpus: number, ram_mb: number) => ({ job_slots, cpus, ram_mb });
const every = 1_000;

/** After a first report at time 0. */
function known(said = room(10, 16, 64_000)): RoomState {
  const step = stepRoom(noRoom, said, 0, every);
  expect(step.report).toEqual(said);
  return step.state;
}

describe('what of a worker’s reports is passed on (kueue §4.4)', () => {
  test('the same again is nothing, for ever', () => {
    for (const now of [1, 5_000, 1e9]) {
      expect(stepRoom(known(), room(10, 16, 64_000), now, every)).toMatchObject({ report: null, lookAfterMs: null });
    }
  });

  test.each([room(9, 16, 64_000), room(10, 15, 64_000), room(10, 16, 32_000)])('%o is news at once', (said) => {
    expect(stepRoom(known(), said, 1, every).report).toEqual(said);
  });

  test('a little memory waits for its time, and is told then', () => {
    const step = stepRoom(known(), room(10, 16, 63_990), 100, every);
    expect(step).toMatchObject({ report: null, lookAfterMs: 900 });
    expect(stepRoom(step.state, null, 1_000, every).report).toEqual(room(10, 16, 63_990));
  });

  test('memory that wobbles costs at most one report per time', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 63_000, max: 65_000 }), { minLength: 50, maxLength: 200 }), (values) => {
        let state = known();
        let reports = 0;
        values.forEach((ram, i) => {
          const step = stepRoom(state, room(10, 16, ram), i * 10, every);
          state = step.state;
          if (step.report !== null) reports++;
        });
        expect(reports).toBeLessThanOrEqual(Math.ceil((values.length * 10) / every));
      }),
      { seed: 3, numRuns: 100 },
    );
  });

  test('kueue §6.3: after a deferral the next report counts, the same numbers only after a longer pause', () => {
    const deferred = deferredRoom(known());
    const step = stepRoom(deferred, room(10, 16, 64_000), 500, every);
    expect(step).toMatchObject({ report: null, lookAfterMs: 9_500 });
    const again = stepRoom(step.state, null, 10_000, every);
    expect(again.report).toEqual(room(10, 16, 64_000));
    expect(again.state.deferred).toBe(false);
    expect(stepRoom(deferred, room(10, 17, 64_000), 500, every).report).not.toBe(null);
  });

  test('what was accepted is taken off on both sides: the report after it is no news', () => {
    const taken = tookRoom(known(), room(1, 4, 2_048));
    expect(stepRoom(taken, room(9, 12, 61_952), 10, every).report).toBe(null);
    // And the end of the job is.
    expect(stepRoom(taken, room(10, 16, 64_000), 20, every).report).toEqual(room(10, 16, 64_000));
  });

  test('an accept that was void leaves all as it was; one that was taken back is told', () => {
    const taken = tookRoom(known(), room(1, 4, 2_048));
    expect(stepRoom(undoneRoom(taken, room(1, 4, 2_048)), null, 10, every).report).toBe(null);
    expect(stepRoom(gaveRoom(taken, room(1, 4, 2_048)), null, 10, every).report).toEqual(room(10, 16, 64_000));
  });

  test('nothing said, nothing told', () => {
    expect(stepRoom(noRoom, null, 10, every)).toMatchObject({ report: null, lookAfterMs: null });
    expect(tookRoom(noRoom, room(1, 1, 1))).toEqual(noRoom);
  });
});
