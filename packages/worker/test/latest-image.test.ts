import { setImmediate } from 'node:timers/promises';
import { beforeEach, expect, test } from 'vitest';
import { LatestImage } from '../src/runners/commands/latest-image.ts';
import { FakeSystem } from './lib/fake-system.ts';

let system: FakeSystem;
let stop: AbortController;
let sent: string[];
/** Ends what is being sent. */
let arrived: () => void;
let image: LatestImage;

beforeEach(() => {
  system = new FakeSystem();
  stop = new AbortController();
  sent = [];
  const sendImage = (path: string, signal: AbortSignal): Promise<void> => {
    sent.push(path);
    return new Promise((resolve) => {
      arrived = resolve;
      signal.addEventListener('abort', () => resolve());
    });
  };
  image = new LatestImage({ sendImage, stop: stop.signal, system });
});

const settle = async (): Promise<void> => {
  arrived();
  await setImmediate();
};

test('one at a time, not too often, the newest wins', async () => {
  for (const n of [1, 2, 3]) image.offer(`/${n}.png`);
  expect(sent).toEqual(['/1.png']);
  await settle();
  image.offer('/4.png');
  // It has arrived, but not so long ago.
  expect(sent).toEqual(['/1.png']);
  system.turn(5_000);
  expect(sent).toEqual(['/1.png', '/4.png']);
  system.turn(60_000);
  image.offer('/5.png');
  expect(sent).toEqual(['/1.png', '/4.png']);
  await settle();
  image.offer('/6.png');
  expect(sent).toEqual(['/1.png', '/4.png', '/6.png']);
});

test('what no server shows is not sent', () => {
  for (const path of ['/1.exr', '/1.mkv', '/1', '/1.png.tmp', '/1.svg']) image.offer(path);
  expect(sent).toEqual([]);
  for (const path of ['/1.JPG']) image.offer(path);
  expect(sent).toEqual(['/1.JPG']);
});

test('the last one is sent before the end, which does not wait for ever', async () => {
  for (const n of [1, 2]) image.offer(`/${n}.png`);
  const closed = image.close();
  await settle();
  expect(sent).toEqual(['/1.png', '/2.png']);
  system.turn(5_000);
  await closed;
  expect(system.timers).toBe(0);
});

test('nothing more is sent once the attempt is to end', async () => {
  for (const n of [1, 2]) image.offer(`/${n}.png`);
  stop.abort();
  await image.close();
  expect(sent).toEqual(['/1.png']);
  expect(system.timers).toBe(0);
});
