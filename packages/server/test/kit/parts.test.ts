import { describe, expect, test } from 'vitest';
import { startHeartbeat } from '../../src/doors/kit/heartbeat.ts';
import { hostAllowed, hostRule, originAllowed } from '../../src/doors/kit/host-check.ts';
import { InboundGate } from '../../src/doors/kit/inbound-gate.ts';
import { kitLimits, kitLimitTable } from '../../src/doors/kit/limits.ts';
import { normalPath } from '../../src/doors/kit/paths.ts';
import { byteRange } from '../../src/doors/kit/range.ts';
import { rawFields } from '../../src/doors/kit/raw-json.ts';
import { within } from '../../src/doors/kit/within.ts';
import { createFakeClock } from '../lib/fake-clock.ts';

describe('host names and pages', () => {
  test('on loopback only loopback names; on other addresses addresses too', () => {
    const local = hostRule({ binds: ['127.0.0.1', '::1'] });
    const wide = hostRule({ binds: ['0.0.0.0'], names: ['Yard.example:8080'] });
    expect([hostAllowed(local, '10.0.0.1:80'), hostAllowed(wide, '10.0.0.1:80'), hostAllowed(wide, '[fe80::1]:80')]).toEqual([
      false,
      true,
      true,
    ]);
    expect([hostAllowed(local, 'yard.example'), hostAllowed(wide, 'yard.example')]).toEqual([false, true]);
    expect([hostAllowed(local, undefined), hostAllowed(local, ''), hostAllowed(local, '::1')]).toEqual([true, false, true]);
  });

  test('a page of the same host and port, or a configured one', () => {
    const rule = hostRule({ binds: [], origins: ['https://UI.example/'] });
    const from = (origin: string | undefined) => originAllowed(rule, origin, 'localhost:8080');
    expect(['http://localhost:8080', 'https://localhost:8080', 'https://ui.example', undefined].map(from)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(['http://localhost:8081', 'http://localhost', 'null', 'https://ui.example.evil', ''].map(from)).toEqual(
      Array(5).fill(false),
    );
  });
});

test.each([
  ['bytes=0-0', { start: 0, end: 0 }],
  ['bytes=5-', { start: 5, end: 9 }],
  ['bytes=5-99', { start: 5, end: 9 }],
  ['bytes=-3', { start: 7, end: 9 }],
  ['bytes=-30', { start: 0, end: 9 }],
  ['bytes=10-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=5-4', null],
  ['bytes=0-1,3-4', null],
  ['bytes=-', null],
  ['lines=1-2', null],
  [undefined, null],
])('range %s of ten bytes', (header, expected) => {
  expect(byteRange(header, 10)).toEqual(expected);
});

test('a range of nothing', () => {
  expect([byteRange('bytes=0-', 0), byteRange('bytes=-1', 0)]).toEqual(['unsatisfiable', 'unsatisfiable']);
});

test('addresses that only differ in spelling are one', () => {
  expect(['/a/:id', '/a/:name/', '/', '/a/*'].map(normalPath)).toEqual(['/a/:', '/a/:', '/', '/a/*']);
});

test('stored JSON text passes as it is', () => {
  expect(rawFields({ a: 1 }, { b: '{"x": 1.0}', 'c"': '[]' }).text).toBe('{"a":1,"b":{"x": 1.0},"c\\"":[]}');
  expect(rawFields({}, { b: '1' }).text).toBe('{"b":1}');
  expect(rawFields({ a: 1 }, {}).text).toBe('{"a":1}');
});

test('the gate pauses beyond its bound and resumes at half of it', () => {
  const seen: string[] = [];
  const gate = new InboundGate({ pause: () => seen.push('pause'), resume: () => seen.push('resume') }, 10);
  gate.begin(10);
  expect(seen).toEqual([]);
  gate.begin(1);
  gate.begin(5);
  gate.finish(10);
  expect(seen).toEqual(['pause']);
  gate.finish(1);
  gate.finish(5);
  expect([seen, gate.inFlight]).toEqual([['pause', 'resume'], 0]);
});

test('a heartbeat beats until it is stopped, also by itself', async () => {
  const clock = createFakeClock();
  let beats = 0;
  const stop = startHeartbeat(clock, 10, () => {
    if (++beats === 3) stop();
  });
  await clock.advance(100);
  expect([beats, clock.pending]).toEqual([3, 0]);
});

test('within: settled in time, settled badly in time, too late', async () => {
  const clock = createFakeClock();
  const late = within(clock, 10, new Promise(() => {}));
  expect([await within(clock, 10, Promise.resolve()), await within(clock, 10, Promise.reject(new Error('x')))]).toEqual([
    true,
    true,
  ]);
  await clock.advance(10);
  expect([await late, clock.pending]).toEqual([false, 0]);
});

test('every limit has its default, unit and meaning', () => {
  expect(Object.keys(kitLimits)).toEqual(Object.keys(kitLimitTable));
  for (const [name, row] of Object.entries(kitLimitTable)) {
    expect([name, row.default > 0, row.text.length > 10, name.endsWith('Ms') === (row.unit === 'ms')]).toEqual([
      name,
      true,
      true,
      true,
    ]);
  }
});
