import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Bus } from '../../src/ports/bus.ts';
import type { FakeClock } from '../lib/fake-clock.ts';
import { createFakeClock } from '../lib/fake-clock.ts';

export interface BusUnderTest {
  clock: FakeClock;
  onError: (error: unknown, subject: string) => void;
  loseEvery?: number;
  strict?: boolean;
}

/** The rules B1 to B5 of `src/ports/bus.ts`, for every bus. */
export function busSuite(name: string, make: (options: BusUnderTest) => Promise<Bus> | Bus): void {
  describe(`bus: ${name}`, () => {
    let clock: FakeClock;
    let bus: Bus;
    let errors: string[];
    const onError = (error: unknown, subject: string) => void errors.push(`${subject}: ${(error as Error).message}`);

    beforeEach(async () => {
      errors = [];
      clock = createFakeClock();
      bus = await make({ clock, onError });
    });
    afterEach(() => bus.close());

    let fences = 0;
    /** Events are told in order (B4): when this one has come, all earlier ones have. */
    function delivered(on: Bus = bus): Promise<void> {
      const subject = `fence:${fences++}`;
      return new Promise((resolve) => {
        const off = on.onSignal(subject, () => {
          off();
          resolve();
        });
        on.signal(subject, true);
      });
    }

    test('B1 a wake reaches its listeners and no others, exact and by prefix', async () => {
      const seen: string[] = [];
      bus.onWake('class:1', (subject) => seen.push(`exact ${subject}`));
      bus.onWake('class:*', (subject) => seen.push(`prefix ${subject}`));
      bus.onWake('class', (subject) => seen.push(`shorter ${subject}`));
      bus.onWake('*', (subject) => seen.push(`all ${subject}`));
      bus.wake('class:1');
      bus.wake('class:12');
      await delivered();
      expect(seen).toEqual(['exact class:1', 'prefix class:1', 'all class:1', 'prefix class:12', 'all class:12']);
    });

    test('B1 wakes of a turn are told at least once, and again after the next wake', async () => {
      let calls = 0;
      bus.onWake('x', () => calls++);
      for (let i = 0; i < 100; i++) bus.wake('x');
      await delivered();
      expect(calls).toBeGreaterThanOrEqual(1);
      const before = calls;
      bus.wake('x');
      await delivered();
      expect(calls).toBeGreaterThan(before);
    });

    test('B1 every n-th wake is lost where a test asks for it', async () => {
      const lossy = await make({ clock, onError, loseEvery: 3 });
      const seen: string[] = [];
      lossy.onWake('*', (subject) => seen.push(subject));
      for (const subject of ['1', '2', '3', '4', '5', '6', '7']) lossy.wake(subject);
      await delivered(lossy);
      expect(seen).toEqual(['1', '2', '4', '5', '7']);
      lossy.close();
    });

    test('B2 signals of a turn are told once, with the newest value', async () => {
      const seen: unknown[] = [];
      bus.onSignal('task:1', (_, value) => seen.push(value));
      for (let i = 1; i <= 1000; i++) bus.signal('task:1', i);
      await delivered();
      expect(seen).toEqual([1000]);
      bus.signal('task:1', 'next');
      await delivered();
      expect(seen).toEqual([1000, 'next']);
    });

    test('B2 a late subscriber gets the newest value, once, though not within its own call', async () => {
      bus.signal('printer:1', { bed: 20 });
      bus.signal('printer:1', { bed: 60 });
      bus.signal('printer:2', { bed: 30 });
      bus.signal('task:1', 'other');
      await delivered();
      const seen: unknown[] = [];
      bus.onSignal('printer:*', (subject, value) => seen.push([subject, value]));
      expect(seen).toEqual([]);
      bus.signal('printer:2', { bed: 31 });
      await delivered();
      expect(seen).toEqual([
        ['printer:1', { bed: 60 }],
        ['printer:2', { bed: 31 }],
      ]);
      await delivered();
      expect(seen).toHaveLength(2);
    });

    test('B2 a subscriber that came between a signal and its turn is told once', async () => {
      const seen: unknown[] = [];
      bus.signal('a:1', 1);
      bus.onSignal('a:*', (_, value) => seen.push(value));
      bus.onSignal('a:1', (_, value) => seen.push(value));
      await delivered();
      expect(seen).toEqual([1, 1]);
    });

    test('B2 wildcards without a segment cover every subject that begins so', async () => {
      bus.signal('plain', 0);
      bus.signal('play:1', 1);
      bus.signal('x:1', 2);
      await delivered();
      const seen: string[] = [];
      bus.onSignal('pla*', (subject) => seen.push(subject));
      await delivered();
      expect(seen.sort()).toEqual(['plain', 'play:1']);
    });

    test('B2 the last value is at hand, and forgotten when cleared', async () => {
      const seen: unknown[] = [];
      expect(bus.lastSignal('w:1')).toBeUndefined();
      bus.signal('w:1', 7);
      expect(bus.lastSignal('w:1')).toBe(7);
      bus.clearSignal('w:1');
      expect(bus.lastSignal('w:1')).toBeUndefined();
      bus.onSignal('w:1', (_, value) => seen.push(value));
      await delivered();
      bus.signal('w:1', 8);
      bus.clearSignal('w:1');
      await delivered();
      expect(seen).toEqual([]);
    });

    test('B2 64 KiB pass, one byte more is a bug that is thrown; nothing of it is kept', async () => {
      const strict = await make({ clock, onError, strict: true });
      strict.signal('json', 'x'.repeat(65_536));
      const object = { text: 'x'.repeat(65_536 - '{"text":""}'.length) };
      strict.signal('object', object);
      expect(() => strict.signal('json', 'x'.repeat(65_537))).toThrow(RangeError);
      expect(() => strict.signal('object', { text: `${object.text}x` })).toThrow(/65537/);
      expect(() => bus.signal('wide', 'ü'.repeat(32_769))).toThrow(RangeError);
      expect(() => bus.signal('bytes', new Uint8Array(65_537))).toThrow(RangeError);
      expect(strict.lastSignal('object')).toBe(object);
      strict.close();
    });

    test('B3 a question reaches the one who answers, by promise or at once', async () => {
      bus.onAsk('session:1', (message) => ({ echo: message }));
      bus.onAsk('session:2', (message) => Promise.resolve({ later: message }));
      expect(await bus.ask('session:1', 'kill', 1000)).toEqual({ echo: 'kill' });
      expect(await bus.ask('session:2', 'kill', 1000)).toEqual({ later: 'kill' });
      expect(clock.pending).toBe(0);
    });

    test('B3 nobody there: null; no answer in time: null, and others are not held up', async () => {
      bus.onAsk('mute', () => new Promise(() => undefined));
      bus.onAsk('quick', () => 'here');
      let mute: unknown = 'waiting';
      const asked = bus.ask('mute', 'x', 500).then((answer) => {
        mute = answer;
      });
      expect(await bus.ask('quick', 'x', 500)).toBe('here');
      await clock.advance(499);
      expect(mute).toBe('waiting');
      const nobody = bus.ask('nobody', 'x', 500);
      await clock.advance(1);
      await asked;
      expect(mute).toBeNull();
      await clock.advance(500);
      expect(await nobody).toBeNull();
      expect(clock.pending).toBe(0);
    });

    test('B3 the newest one answers; an older one that leaves takes nothing away', async () => {
      const leave = bus.onAsk('session:1', () => 'old');
      const leaveNew = bus.onAsk('session:1', () => 'new');
      leave();
      expect(await bus.ask('session:1', null, 1000)).toBe('new');
      leaveNew();
      const answer = bus.ask('session:1', null, 1000);
      await clock.advance(1000);
      expect(await answer).toBeNull();
    });

    test('B3 a failing answer is null to the one who asked, and reported', async () => {
      bus.onAsk('throws', () => {
        throw new Error('now');
      });
      bus.onAsk('rejects', () => Promise.reject(new Error('later')));
      expect(await bus.ask('throws', null, 1000)).toBeNull();
      expect(await bus.ask('rejects', null, 1000)).toBeNull();
      expect(errors).toEqual(['throws: now', 'rejects: later']);
      expect(clock.pending).toBe(0);
    });

    test('B4 nothing is called within the call that caused it', () => {
      const seen: string[] = [];
      bus.onWake('x', () => seen.push('wake'));
      bus.onSignal('x', () => seen.push('signal'));
      bus.onAsk('x', () => seen.push('ask'));
      bus.wake('x');
      bus.signal('x', 1);
      void bus.ask('x', 1, 1000);
      expect(seen).toEqual([]);
    });

    test('B4 events are told in order, a signal at its newest place', async () => {
      const seen: string[] = [];
      bus.onSignal('*', (subject, value) => subject.startsWith('fence') || seen.push(`${subject}=${value}`));
      bus.onWake('*', (subject) => seen.push(subject));
      bus.signal('a', 1);
      bus.wake('one');
      bus.signal('b', 1);
      bus.signal('a', 2);
      bus.wake('two');
      await delivered();
      expect(seen).toEqual(['one', 'b=1', 'a=2', 'two']);
    });

    test('B4 what a listener causes comes in a later turn, and never starves others', async () => {
      const seen: string[] = [];
      bus.onWake('loop', () => {
        seen.push('loop');
        if (seen.length < 6) bus.wake('loop');
      });
      bus.onWake('other', () => seen.push('other'));
      bus.wake('loop');
      bus.wake('other');
      await delivered();
      expect(seen.slice(0, 2)).toEqual(['loop', 'other']);
    });

    test('B4 a listener that throws is reported and harms nobody else', async () => {
      const seen: string[] = [];
      for (const on of ['onWake', 'onSignal'] as const) {
        bus[on]('x', () => {
          throw new Error(on);
        });
        bus[on]('x', () => seen.push(on));
      }
      bus.wake('x');
      bus.signal('x', 1);
      await delivered();
      expect(seen).toEqual(['onWake', 'onSignal']);
      expect(errors).toEqual(['x: onWake', 'x: onSignal']);
    });

    test('B4 one that was unsubscribed is not called, not even by an event under way', async () => {
      const seen: string[] = [];
      const off: (() => void)[] = [];
      const leaveAll = () => {
        for (const call of off) call();
      };
      bus.onWake('x', () => leaveAll());
      off.push(
        bus.onWake('x', () => seen.push('wake')),
        bus.onSignal('x', () => seen.push('signal')),
      );
      bus.wake('x');
      bus.signal('x', 1);
      await delivered();
      leaveAll();
      expect(seen).toEqual([]);
    });

    test('B5 close ends subscriptions, questions and timers; afterwards calls do nothing', async () => {
      const seen: string[] = [];
      bus.onWake('x', () => seen.push('wake'));
      bus.onSignal('x', () => seen.push('signal'));
      bus.onAsk('x', () => new Promise(() => undefined));
      bus.signal('x', 1);
      await delivered();
      seen.length = 0;
      const open = bus.ask('x', 1, 1000);
      bus.wake('x');
      bus.close();
      bus.close();
      expect(await open).toBeNull();
      expect(clock.pending).toBe(0);
      bus.wake('x');
      bus.signal('x', 2);
      bus.clearSignal('x');
      bus.onWake('x', () => seen.push('wake'))();
      bus.onSignal('x', () => seen.push('signal'))();
      expect(await bus.ask('x', 1, 1000)).toBeNull();
      expect(bus.lastSignal('x')).toBeUndefined();
      await clock.advance(1000);
      expect(seen).toEqual([]);
    });
  });
}
