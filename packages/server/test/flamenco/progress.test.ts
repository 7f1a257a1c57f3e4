import { describe, expect, it } from 'vitest';
import { hexId, readHexId } from '../../src/doors/flamenco/ids.ts';
import type { KnownWorker } from '../../src/doors/flamenco/known-worker.ts';
import type { TaskUpdate } from '../../src/doors/flamenco/messages.ts';
import { lastFrame, progressOf, stepsOf } from '../../src/doors/flamenco/progress.ts';
import { isSecret, secretHashIn, workerKey } from '../../src/doors/flamenco/secrets.ts';
import { statusOf } from '../../src/doors/flamenco/translate.ts';

const update = (of: Partial<TaskUpdate>): TaskUpdate => ({
  ...{ status: 'active', activity: '', commandIndex: null, commandProgress: null, timing: null, log: '', ...of },
});
const render = (frames: unknown) => ({ name: 'blender_render', settings: { frames } });
const plain = { name: 'echo', settings: {} };

describe('progress', () => {
  const steps = stepsOf([plain, render('1..4,7'), plain]);

  it.each([
    ['begun', { commandIndex: 0, commandProgress: 0 }, 0],
    ['first command done', { commandIndex: 0, commandProgress: 100 }, 33],
    ['at the second', { commandIndex: 1, commandProgress: 0 }, 33],
    ['frame 3 of 1, 2, 3, 4, 7', { commandIndex: 1, commandProgress: 0, log: 'pid=1 > Fra:2 x\npid=1 > Fra:3 Mem' }, 47],
    ['a frame alone tells the command', { log: 'Fra:7 Mem' }, 60],
    ['a frame of another task', { commandIndex: 0, log: 'Fra:99 Mem' }, 0],
    ['all done', { commandIndex: 2, commandProgress: 100 }, 100],
    ['an index beyond the end', { commandIndex: 9, commandProgress: 100 }, 100],
  ])('%s', (_, of, done) => {
    expect(progressOf(update(of), steps, null)).toMatchObject({ done, total: 100, unit: '%' });
  });

  it('never goes back, and says nothing where there is nothing new', () => {
    const before = { done: 40, total: 100, unit: '%', phase: 'frame 3' };
    expect(progressOf(update({ commandIndex: 0, commandProgress: 0 }), steps, before)).toMatchObject({
      done: 40,
      phase: 'frame 3',
    });
    expect(progressOf(update({ log: 'nothing' }), steps, before)).toBeNull();
    expect(progressOf(update({ activity: 'Rendering' }), steps, before)).toMatchObject({ phase: 'Rendering' });
    expect(progressOf(update({ activity: 'x' }), [], null)).toMatchObject({ done: 0 });
  });

  it('reads frames as they stand in commands, and what it cannot read is only not shown', () => {
    const frames = (text: unknown) => stepsOf([render(text)])[0]!.frames;
    expect(frames('1-3, 5')).toEqual([1, 2, 3, 5]);
    expect(frames('-3..-1')).toEqual([-3, -2, -1]);
    for (const odd of ['', 'a', '1..', '1..9999999', 5, null]) expect(frames(odd)).toBeNull();
    expect(stepsOf([{ name: 'exec', settings: { frames: '1' } }])[0]!.frames).toBeNull();
    expect(lastFrame('Fra:-5 Mem')).toBe(-5);
    expect(lastFrame('Fra:x')).toBeNull();
  });
});

describe('words', () => {
  it('ids are 24 hex digits, each of its own kind', () => {
    for (const id of [1, 255, Number.MAX_SAFE_INTEGER]) expect(readHexId('task', hexId('task', id))).toBe(id);
    expect(hexId('job', 1)).toMatch(/^[0-9a-f]{24}$/);
    expect(readHexId('task', hexId('job', 1))).toBeNull();
    expect(readHexId('task', hexId('task', 1).toUpperCase())).toBeNull();
  });

  it('secrets: only hashes, of this salt, of this secret', () => {
    const key = workerKey('salt', 'secret', 'nick');
    expect(key).not.toContain('secret');
    expect(key).not.toContain('nick');
    const hash = secretHashIn(key);
    expect(isSecret('salt', 'secret', hash)).toBe(true);
    expect(isSecret('salt', 'Secret', hash)).toBe(false);
    expect(isSecret('other', 'secret', hash)).toBe(false);
    expect(isSecret('salt', 'secret', null)).toBe(false);
    expect(secretHashIn('token:1:abc')).toBeNull();
    expect(secretHashIn(null)).toBeNull();
    expect(workerKey('salt', 'secret', 'other')).not.toBe(key);
  });

  it.each([
    [{ status: 'offline', met: false }, 'starting'],
    [{ status: 'offline' }, 'offline'],
    [{ status: 'offline', timedOut: true }, 'timeout'],
    [{ status: 'lost' }, 'timeout'],
    [{ status: 'pending' }, 'starting'],
    [{ status: 'online', mode: 'draining' }, 'awake'],
    [{ status: 'online', mode: 'testing' }, 'testing'],
  ] as const)('status %j is %s', (of, text) => {
    expect(statusOf({ mode: 'awake', timedOut: false, met: true, ...of } as unknown as KnownWorker)).toBe(text);
  });
});
