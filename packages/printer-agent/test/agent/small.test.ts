import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { identify } from '../../src/agent/identity.ts';
import { readMessage } from '../../src/agent/messages.ts';
import { Reporter } from '../../src/agent/reporter.ts';
import { parseCommand } from '../../src/command.ts';
import { checksum, numbered } from '../../src/marlin/lines.ts';
import { readReply } from '../../src/marlin/replies.ts';
import { readTemperatures } from '../../src/marlin/temperatures.ts';
import { remainingOf } from '../../src/print/facts.ts';
import { FileFeed } from '../../src/print/feed.ts';
import { LineCutter } from '../../src/serial/line-cutter.ts';
import { FakeSystem } from '../lib/fake-system.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'printer-small-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('lines', () => {
  it.each([
    [0, 'M110 N0', 'N0 M110 N0*125\n'],
    [1, 'M105', 'N1 M105*38\n'],
    [2, 'G28', 'N2 G28*17\n'],
    [3, 'G1 X10 Y10 E1', 'N3 G1 X10 Y10 E1*126\n'],
    [4, 'M104 S200', 'N4 M104 S200*99\n'],
  ])('the vectors of printerlynx 6.1: N%i %s', (number, command, line) => {
    expect(numbered(number, command)).toBe(line);
  });

  it('the checksum is of bytes, not of letters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(checksum(text)).toBe(Buffer.from(text).reduce((sum, byte) => sum ^ byte, 0));
      }),
    );
  });

  it('come whole, however they were cut', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[ -~]{1,20}$/)), fc.integer({ min: 1, max: 7 }), (lines, piece) => {
        const bytes = Buffer.from(`${lines.join('\r\n')}\n`);
        const cutter = new LineCutter(100);
        const cut: string[] = [];
        for (let at = 0; at < bytes.length; at += piece) cut.push(...cutter.cut(bytes.subarray(at, at + piece)));
        expect(cut).toEqual(lines);
      }),
    );
    expect(new LineCutter(5).cut(Buffer.from('123456789\nab\n'))).toEqual(['12345', 'ab']);
  });
});

describe('what the firmware says', () => {
  it.each([
    ['ok', { is: 'ok', number: null, temperatures: false }],
    ['ok N12 P15 B3', { is: 'ok', number: 12, temperatures: false }],
    ['ok T:20.1 /0.0 B:20 /0', { is: 'ok', number: null, temperatures: true }],
    ['okay', { is: 'text' }],
    ['echo: token', { is: 'text' }],
    ['Resend: 7', { is: 'resend', number: 7 }],
    ['Resend:7', { is: 'resend', number: 7 }],
    ['rs 7', { is: 'resend', number: 7 }],
    ['rs N7', { is: 'resend', number: 7 }],
    ['start', { is: 'start' }],
    ['\x00\xff\xfestart', { is: 'start' }],
    ['starting', { is: 'text' }],
    ['wait', { is: 'wait' }],
    ['echo:busy: processing', { is: 'busy', why: 'processing' }],
    [' T:205.1 /210.0 B:60.0 /60.0 @:127 B@:64', { is: 'temperatures' }],
    ['T0:205.1 /210.0', { is: 'temperatures' }],
    ['Error:checksum mismatch, Last Line: 3', { is: 'error', text: 'checksum mismatch, Last Line: 3' }],
    ['Error:Printer halted. kill() called!', { is: 'halted', text: 'Printer halted. kill() called!' }],
    [
      'Error:Heating failed, system stopped! Heater_ID: bed',
      { is: 'halted', text: 'Heating failed, system stopped! Heater_ID: bed' },
    ],
    ['echo:Unknown command: "Error:MAXTEMP"', { is: 'text' }],
    ['//action:pause', { is: 'action', name: 'pause' }],
    ['// action:cancel', { is: 'action', name: 'cancel' }],
    ['Cap:AUTOREPORT_TEMP:1', { is: 'capability', name: 'AUTOREPORT_TEMP', able: true }],
    ['FIRMWARE_NAME:Marlin 1.1.9 (Github) SOURCE_CODE_URL:x', { is: 'firmware', name: 'Marlin 1.1.9 (Github)' }],
    ['X:1.00 Y:-2.50 Z:0.30 E:12.00 Count X:80', { is: 'position', position: { x: 1, y: -2.5, z: 0.3, e: 12 } }],
  ])('%j', (line, reply) => {
    expect(readReply(line)).toEqual(reply);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (line) => {
        expect(readReply(line)).toHaveProperty('is');
        for (const { actual, target } of Object.values(readTemperatures(line, {})))
          expect(Number.isFinite(actual + target)).toBe(true);
      }),
    );
  });

  it.each([
    ['T:205.1 /210.0 B:60.0 /65.0 @:127 B@:64', { tool0: { actual: 205.1, target: 210 }, bed: { actual: 60, target: 65 } }],
    [
      'ok T:20 /0 T0:21 /0 T1:22/190 B:-1.5 /0',
      { tool0: { actual: 21, target: 0 }, tool1: { actual: 22, target: 190 }, bed: { actual: -1.5, target: 0 } },
    ],
    [
      'T:nan /210 B:inf /inf C:30 /0',
      { tool0: { actual: 0, target: 210 }, bed: { actual: 0, target: 0 }, chamber: { actual: 30, target: 0 } },
    ],
    ['T:180.2 E:0 W:?', { tool0: { actual: 180.2, target: 0 } }],
    ['T7:5 /5 nothing', {}],
  ])('temperatures of %j', (line, readings) => {
    expect(readTemperatures(line, {})).toEqual(readings);
  });

  it('what is no number leaves what was known', () => {
    expect(readTemperatures('T:nan /nan', { tool0: { actual: 99, target: 100 } })).toEqual({
      tool0: { actual: 99, target: 100 },
    });
  });
});

describe('who a printer is', () => {
  const prusa = { vendor: '2c99', product: '0002', serial: 'CZPX1017X003XC14071' };
  let next = 0;
  const random = () => `random-${++next}`;

  it('goes by its serial number to another port, and the same after a new installation', () => {
    const first = identify([{ path: '/dev/ttyACM0', usb: prusa }], {}, random);
    expect(first.ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(identify([{ path: '/dev/ttyACM7', usb: prusa }], first.keep, random).ids).toEqual(first.ids);
    expect(identify([{ path: '/dev/ttyACM3', usb: prusa }], {}, random).ids).toEqual(first.ids);
  });

  it('is known again when it was switched off at the start', () => {
    const off = identify([{ path: '/dev/ttyACM0', usb: null }], {}, random);
    const on = identify([{ path: '/dev/ttyACM0', usb: prusa }], off.keep, random);
    expect(on.ids).toEqual(off.ids);
    expect(identify([{ path: '/dev/ttyACM5', usb: prusa }], on.keep, random).ids).toEqual(off.ids);
    expect(identify([{ path: '/dev/ttyACM0', usb: null }], on.keep, random).ids).toEqual(off.ids);
  });

  it('never two with one id: the one with the serial number takes it along', () => {
    const first = identify([{ path: '/dev/ttyACM0', usb: prusa }], {}, random);
    const moved = identify(
      [
        { path: '/dev/ttyACM0', usb: null },
        { path: '/dev/ttyACM1', usb: prusa },
      ],
      first.keep,
      random,
    );
    expect(moved.ids[1]).toBe(first.ids[0]);
    expect(new Set(moved.ids).size).toBe(2);
  });

  it('another printer with a number of its own at a known port is another one', () => {
    const first = identify([{ path: '/dev/ttyACM0', usb: prusa }], {}, random);
    const other = identify([{ path: '/dev/ttyACM0', usb: { ...prusa, serial: 'CZPX9999X999XC00001' } }], first.keep, random);
    expect(other.ids[0]).not.toBe(first.ids[0]);
  });

  it.each(['0001', '00000000', '123456789', 'A'])('goes by its port where the number is everybody’s: %s', (serial) => {
    const usb = { vendor: '1a86', product: '7523', serial };
    const { ids, keep } = identify(
      [
        { path: '/dev/ttyUSB0', usb },
        { path: '/dev/ttyUSB1', usb },
      ],
      {},
      random,
    );
    expect(new Set(ids).size).toBe(2);
    expect(Object.keys(keep)).toEqual(['port:/dev/ttyUSB0', 'port:/dev/ttyUSB1']);
  });
});

describe('reports', () => {
  it('at most one a second, at once when something important changes, every 10 s anyway', () => {
    const system = new FakeSystem();
    const sent: { at: number; value: number }[] = [];
    let urgent = 'available';
    let value = 0;
    const reporter = new Reporter(system, { urgent: () => urgent, data: () => ({ value }) }, () => {
      sent.push({ at: system.monotonic(), value });
      return true;
    });
    reporter.now();
    const run = (ms: number, act: () => void) => {
      for (let passed = 0; passed < ms; passed += 100) {
        system.turn(100);
        act();
        reporter.changed();
        if (system.monotonic() % 500 === 0) reporter.tick(true);
      }
    };
    sent.length = 0;
    run(10_000, () => (value += 1));
    expect(sent.length).toBeGreaterThanOrEqual(9);
    for (const [at, one] of sent.entries()) if (at > 0) expect(one.at - (sent[at - 1]?.at ?? 0)).toBeGreaterThanOrEqual(1_000);
    sent.length = 0;
    urgent = 'busy';
    reporter.changed();
    reporter.changed();
    expect(sent).toHaveLength(1);
    sent.length = 0;
    run(30_000, () => {});
    expect(sent).toHaveLength(3);
  });

  it('what could not be sent counts as not said', () => {
    const system = new FakeSystem();
    let there = false;
    let sent = 0;
    const reporter = new Reporter(system, { urgent: () => 'x', data: () => ({}) }, () => {
      if (there) sent += 1;
      return there;
    });
    reporter.changed();
    there = true;
    reporter.changed();
    expect(sent).toBe(1);
    system.turn(20_000);
    reporter.tick(false);
    expect(sent).toBe(1);
  });
});

describe('the feed', () => {
  it('gives every command with the offset of its end, in bounded pieces', async () => {
    const lines = Array.from({ length: 30_000 }, (_, at) => (at % 7 === 0 ? `; comment ${at} é` : `G1 X${at} ; é`));
    const text = `${lines.join('\r\n')}\nM84`;
    const path = join(folder, 'feed.gcode');
    await writeFile(path, text);
    const feed = await FileFeed.open(path);
    const got: string[] = [];
    let last = 0;
    for (let line = await feed.next(); line !== null; line = await feed.next()) {
      got.push(line.text);
      expect(line.offset).toBeGreaterThan(last);
      last = line.offset;
    }
    await feed.close();
    expect(got).toEqual([...lines.filter((line) => line.startsWith('G')).map((line) => line.split(' ;')[0]), 'M84']);
    expect(last).toBe(Buffer.byteLength(text));
  });

  it('a comment of megabytes, and an empty file', async () => {
    const path = join(folder, 'long.gcode');
    await writeFile(path, `;${'x'.repeat(3_000_000)}\nG28;${'y'.repeat(300_000)}\nM84\n`);
    const feed = await FileFeed.open(path);
    expect(await feed.next()).toEqual({ text: 'G28', offset: 3_300_007 });
    expect(await feed.next()).toEqual({ text: 'M84', offset: 3_300_011 });
    expect(await feed.next()).toBeNull();
    await feed.close();
    await writeFile(path, '');
    const none = await FileFeed.open(path);
    expect(await none.next()).toBeNull();
    await none.close();
  });

  it.each([
    [{ share: 0.5, elapsedS: 100, minutesLeft: 3, estimateS: 999 }, 180],
    [{ share: 0.25, elapsedS: 100, minutesLeft: null, estimateS: 400 }, 300],
    [{ share: 0.25, elapsedS: 100, minutesLeft: null, estimateS: null }, 300],
    [{ share: 0, elapsedS: 100, minutesLeft: null, estimateS: null }, null],
  ])('time left: %j', (about, seconds) => {
    expect(remainingOf(about)).toBe(seconds);
  });
});

describe('messages', () => {
  it('survives anything', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc
            .record({
              type: fc.constantFrom('print_job', 'printer_command', 'authentication', 'printer_status'),
              data: fc.anything(),
            })
            .map((value) => JSON.stringify(value)),
        ),
        (text) => {
          expect(readMessage(text)).toHaveProperty('is');
        },
      ),
    );
  });
});

describe('the command line', () => {
  const settings = (...argv: string[]) => parseCommand(['--server', 'http://x', ...argv], { SWITCHYARD_TOKEN: 't', HOME: '/h' });

  it('names ports', () => {
    expect(
      settings('--port', '/dev/ttyUSB0', '--port', 'Left one=/dev/ttyACM0', '--port', 'virtual', '--port', 'V2=virtual'),
    ).toMatchObject({
      settings: {
        ports: [
          { name: 'ttyUSB0', path: '/dev/ttyUSB0' },
          { name: 'Left one', path: '/dev/ttyACM0' },
          { name: 'Virtual printer', path: 'virtual' },
          { name: 'V2', path: 'virtual/2' },
        ],
        baud: null,
        park: { retract: 1, lift: 5, at: null },
      },
    });
  });

  it.each([
    [[], /Which printer/],
    [['--port', 'a', '--port', 'x=a'], /given twice/],
    [['--port', 'x='], /expected NAME=PATH/],
    [['--port', 'a', '--baud', 'fast'], /--baud fast: expected a number/],
    [['--port', 'a', '--park', '7'], /--park 7: expected X,Y/],
    [['--port', 'a', '--park', ',7'], /--park ,7: expected X,Y/],
    [['--port', 'a', '--token-file', '/not/there'], /there is no such file/],
    [['--prot', 'a'], /Unknown option '--prot'/],
  ])('%j', (argv, usage) => {
    expect(settings(...argv)).toEqual({ usage: expect.stringMatching(usage) });
  });
});
