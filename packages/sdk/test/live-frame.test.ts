import { describe, expect, test } from 'vitest';
import { decodeLiveFrame, decodeLogFrame, encodeLiveFrame, encodeLogFrame, liveFrame } from '../src/worker-wire.ts';

const value = { task: 2 ** 40, attempt: 7, name: 'a.b:c-d_e', at: 2 ** 45, bytes: Buffer.from('t = 1\n') };

describe('live frames', () => {
  test('come out as they went in, and are told from log frames by their first byte', () => {
    const decoded = decodeLiveFrame(encodeLiveFrame(value));
    expect({ ...decoded, bytes: Buffer.from(decoded?.bytes ?? []) }).toEqual(value);
    expect(decodeLogFrame(encodeLiveFrame(value))).toBeNull();
    expect(decodeLiveFrame(encodeLogFrame(1, 1, 'out', 0, value.bytes))).toBeNull();
    const inside = Buffer.concat([Buffer.from('xx'), encodeLiveFrame(value)]).subarray(2);
    expect(decodeLiveFrame(inside)?.at).toBe(value.at);
    expect(decodeLiveFrame(encodeLiveFrame({ ...value, bytes: new Uint8Array() }))?.bytes).toHaveLength(0);
  });

  test('the bounds, on both sides', () => {
    const largest = { ...value, bytes: new Uint8Array(liveFrame.maxBytes) };
    expect(decodeLiveFrame(encodeLiveFrame(largest))?.bytes).toHaveLength(liveFrame.maxBytes);
    expect(decodeLiveFrame(encodeLiveFrame({ ...value, bytes: new Uint8Array(liveFrame.maxBytes + 1) }))).toBeNull();
    expect(decodeLiveFrame(encodeLiveFrame({ ...value, name: 'n'.repeat(64) }))?.name).toHaveLength(64);
    for (const name of ['', 'n'.repeat(65), 'a b', 'a/b', 'ä'])
      expect(decodeLiveFrame(encodeLiveFrame({ ...value, name }))).toBeNull();
    const top = encodeLiveFrame(value);
    top.fill(255, 4, 12);
    expect(decodeLiveFrame(top)).toBeNull();
    const whole = encodeLiveFrame(value);
    for (let length = 0; length < liveFrame.header + value.name.length; length += 1) {
      expect(decodeLiveFrame(whole.subarray(0, length))).toBeNull();
    }
  });
});
