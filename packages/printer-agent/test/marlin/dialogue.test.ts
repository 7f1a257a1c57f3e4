import { afterEach, describe, expect, it } from 'vitest';
import { moves, PrinterYard, type YardOptions } from '../lib/printer-yard.ts';

let yard: PrinterYard;
const open = async (options: YardOptions = {}) => {
  yard = await PrinterYard.open({ speed: Number.POSITIVE_INFINITY, ...options });
  return yard;
};
afterEach(async () => {
  await yard.close();
  expect(yard.system.timers, 'timers left behind').toBe(0);
});

describe('the greeting', () => {
  it('waits for the banner, sets the counter, asks what the printer is', async () => {
    await open();
    expect(yard.wire.slice(0, 6)).toEqual([
      '< start',
      '< echo:Marlin 2.1.2 (virtual)',
      '< echo: Last Updated: never | Author: nobody',
      '> N0 M110 N0*125',
      '< ok',
      '> N1 M115*39',
    ]);
    expect(yard.sent(/M155 S2/)).toHaveLength(1);
    expect(yard.link.firmware).toBe('Marlin 2.1.2 (virtual)');
    expect(yard.link.view.status).toBe('available');
  });

  it('begins after 10 s with a board that does not reset', async () => {
    yard = new PrinterYard({ speed: Number.POSITIVE_INFINITY, noReset: true });
    yard.printer.boot();
    yard.system.turn(1);
    yard.wire.length = 0;
    yard.link.open();
    await yard.settle();
    yard.system.turn(9_900);
    expect(yard.sent(/./)).toEqual([]);
    yard.system.turn(2_000);
    expect(yard.link.view.status).toBe('available');
  });

  it('ends what an earlier life left half-written, and is not misled by the answer to it', async () => {
    yard = new PrinterYard({ speed: Number.POSITIVE_INFINITY, noReset: true });
    yard.printer.boot();
    yard.system.turn(1);
    yard.printer.receive('N57 G1 X1');
    yard.link.open();
    await yard.settle();
    yard.system.turn(10_900);
    // It has said its piece about the old line, and nothing of ours can be taken for it yet.
    expect(yard.wire.some((line) => /^< Resend/.test(line))).toBe(true);
    expect(yard.sent(/M110/)).toEqual([]);
    yard.until(() => yard.link.view.status === 'available');
    // The Resend for the old line is none of ours.
    expect(yard.wire.filter((line) => /^< Resend/.test(line))).toHaveLength(1);
    expect(yard.sent(/M110/)).toHaveLength(1);
    yard.print(['G28', 'G1 X5']);
    expect(yard.untilEnded()).toEqual({ result: 'completed', message: null });
    expect(yard.taken).toEqual(['G28', 'G1 X5']);
  });

  it('tries the usual speeds in turn where nobody answers', async () => {
    yard = new PrinterYard({ noReset: true });
    yard.link.open();
    await yard.settle();
    for (let i = 0; i < 40; i++) {
      yard.system.turn(2_000);
      await yard.settle();
    }
    const speeds = yard.notes.filter(({ event }) => event === 'port:opened').map(({ fields }) => fields.baud);
    expect(speeds.slice(0, 3)).toEqual([115_200, 250_000, 230_400]);
    expect(yard.link.view.status).toBe('unavailable');
  });

  it('asks for temperatures where the firmware does not report them: every 5 s, 2 s while hot, never two at once', async () => {
    await open({ autoReport: false, speed: 20 });
    yard.wire.length = 0;
    yard.system.turn(20_000);
    expect(yard.sent(/M105/)).toHaveLength(4);
    yard.link.ask('a', 'M104 S200');
    yard.system.turn(100);
    yard.wire.length = 0;
    yard.system.turn(2_000);
    expect(yard.link.view.status).toBe('busy');
    expect(yard.sent(/M105/)).toHaveLength(1);
  });
});

describe('a print', () => {
  it('goes line by line, each with number and checksum, one in flight', async () => {
    await open();
    yard.print(moves(200));
    expect(yard.untilEnded()).toEqual({ result: 'completed', message: null });
    expect(yard.taken).toEqual(moves(200));
    let inFlight = 0;
    for (const line of yard.wire) {
      if (line.startsWith('> ')) inFlight += 1;
      if (/^< ok/.test(line)) inFlight -= 1;
      expect(inFlight).toBeLessThanOrEqual(1);
    }
    expect(yard.link.view).toMatchObject({ status: 'available', job: null });
  });

  it('tells how far the file is acknowledged, never less than before', async () => {
    await open({ speed: 1 });
    yard.print(moves(60));
    let before = 0;
    for (let i = 0; i < 50; i++) {
      yard.system.turn(50);
      const offset = yard.link.view.job?.offset ?? before;
      expect(offset).toBeGreaterThanOrEqual(before);
      before = offset;
    }
    expect(before).toBeGreaterThan(0);
  });

  it('knows busy, waits through G28 and G29 of minutes with keepalive, and asks nothing meanwhile', async () => {
    await open({ speed: 0.1, autoReport: false });
    yard.print(['G29', 'G1 X1 F6000']);
    yard.system.turn(149_000);
    expect(yard.sent(/M105/).length).toBeLessThanOrEqual(2);
    expect(yard.untilEnded()).toMatchObject({ result: 'completed' });
  });

  it('gives firmware without keepalive a longer time for long commands', async () => {
    await open({ speed: 0.1, autoReport: false, keepAlive: false });
    yard.print(['G29', 'G1 X1 F6000']);
    expect(yard.untilEnded()).toMatchObject({ result: 'completed' });
    expect(yard.taken).toEqual(['G29', 'G1 X1 F6000']);
  });

  it.each([
    { lineEnd: '\r\n' },
    { advancedOk: true },
    { emergencyParser: false },
    { tools: 3 },
    { chances: { 'split-ok': 1 } },
    { chances: { token: 1 } },
  ] as const)('with %j', async (options) => {
    await open(options);
    yard.print(moves(50));
    expect(yard.untilEnded()).toMatchObject({ result: 'completed' });
    expect(yard.taken).toEqual(moves(50));
    expect(yard.wire.filter((line) => /^< Resend/.test(line))).toEqual([]);
  });
});

describe('faults', () => {
  it('Resend: from the line that is asked for, in order', async () => {
    await open();
    yard.printer.fault('corrupt', 3);
    yard.print(moves(20));
    expect(yard.untilEnded()).toMatchObject({ result: 'completed' });
    expect(yard.taken).toEqual(moves(20));
    expect(yard.wire.filter((line) => /^< Resend/.test(line))).toHaveLength(1);
  });

  it('a Resend without its ok is followed after half a second', async () => {
    await open();
    yard.print(['G4 P1', 'G4 P2']);
    yard.printer.fault('bare-resend', 1);
    const from = yard.system.monotonic();
    expect(yard.untilEnded()).toMatchObject({ result: 'completed' });
    expect(yard.taken).toEqual(['G4 P1', 'G4 P2']);
    expect(yard.system.monotonic() - from).toBeLessThan(2_000);
  });

  it('ten Resends of one line in a row: failed, heaters off first thing', async () => {
    await open();
    yard.print(['M104 S200', 'G1 X1', 'G1 X2']);
    yard.printer.fault('resend-storm', 2, 1_000);
    const end = yard.untilEnded();
    expect(end.result).toBe('failed');
    expect(end.message).toMatch(/line \d+ 10 times in a row/);
  });

  it('nine are survived', async () => {
    await open();
    yard.print(['G1 X1', 'G1 X2', 'G1 X3']);
    yard.printer.fault('resend-storm', 1, 9);
    expect(yard.untilEnded()).toMatchObject({ result: 'completed' });
    expect(yard.taken).toEqual(['G1 X1', 'G1 X2', 'G1 X3']);
  });

  it('a line within the last 64 may be asked for again', async () => {
    await open({ speed: 1 });
    yard.print(moves(60));
    yard.until(() => yard.taken.length > 10);
    yard.printer.say('Resend: 5');
    yard.printer.say('ok');
    // The printer has had it, and asks for the one that it has not had.
    expect(yard.untilEnded()).toEqual({ result: 'completed', message: null });
    expect(yard.taken).toEqual(moves(60));
    expect(yard.sent(/^> N5 /)).toHaveLength(2);
  });

  it('a line that is not known any more: failed, and no heater stays on', async () => {
    await open({ speed: 1 });
    yard.print(['M104 S200', ...moves(200)]);
    yard.until(() => yard.taken.length > 100);
    yard.printer.say('Resend: 5');
    yard.printer.say('ok');
    expect(yard.untilEnded()).toEqual({ result: 'failed', message: 'The printer asked for line 5, which is not known any more' });
    yard.until(() => yard.link.view.status !== 'unavailable');
    expect(yard.printer.tools[0]?.target).toBe(0);
  });

  it.each([{ autoReport: true }, { autoReport: false }])(
    'a lost ok is found out by a question, nothing sent twice ($autoReport)',
    async (options) => {
      await open(options);
      yard.print(moves(5));
      yard.printer.fault('lose-ok', 2);
      expect(yard.untilEnded()).toMatchObject({ result: 'completed' });
      expect(yard.taken).toEqual(moves(5));
      yard.print(moves(30));
      expect(yard.untilEnded(5_000)).toMatchObject({ result: 'completed' });
    },
  );

  it('a lost line is found out by a question and sent again', async () => {
    await open();
    yard.print(moves(5));
    yard.printer.fault('lose-line', 2);
    expect(yard.untilEnded()).toMatchObject({ result: 'completed' });
    expect(yard.taken).toEqual(moves(5));
  });

  it('"wait" while a line is in flight asks at once instead of after 30 s', async () => {
    await open({ autoReport: false });
    yard.print(moves(5));
    yard.printer.fault('lose-line', 2);
    yard.system.turn(500);
    const from = yard.system.monotonic();
    yard.printer.say('wait');
    expect(yard.untilEnded()).toMatchObject({ result: 'completed' });
    expect(yard.system.monotonic() - from).toBeLessThan(2_000);
    expect(yard.taken).toEqual(moves(5));
  });

  it('silence: five questions, then it counts as dead and the job has failed', async () => {
    await open();
    yard.print(moves(5));
    yard.printer.fault('silence', 2);
    yard.system.turn(30_500);
    expect(yard.sent(/M105/).length).toBe(2);
    const end = yard.untilEnded(200_000);
    expect(end).toEqual({ result: 'failed', message: 'The printer does not answer any more' });
    expect(yard.sent(/M105/).length).toBe(1 + 5);
    expect(yard.link.view.status).toBe('unavailable');
  });

  it('a banner in mid-job: failed, then ready again', async () => {
    await open();
    yard.print(moves(50));
    yard.printer.fault('reboot', 10);
    expect(yard.untilEnded()).toEqual({ result: 'failed', message: 'The printer restarted in the middle of the print' });
    yard.until(() => yard.link.view.status === 'available');
    expect(yard.taken.length).toBeLessThan(20);
  });

  it.each([
    ['kill', /Printer halted/],
    ['runaway', /Thermal Runaway/],
  ] as const)('%s: failed, unavailable until it is reset, not one byte more', async (kind, message) => {
    await open();
    yard.print(moves(50));
    yard.printer.fault(kind, 10);
    const end = yard.untilEnded();
    expect(end.result).toBe('failed');
    expect(end.message).toMatch(message);
    const said = yard.sent(/./).length;
    yard.system.turn(300_000);
    expect(yard.sent(/./).length).toBe(said);
    expect(yard.link.view.status).toBe('unavailable');
    yard.printer.boot();
    yard.until(() => yard.link.view.status === 'available');
  });

  it('unplugged: failed at once, opened again with back-off, never goes on by itself', async () => {
    await open();
    yard.print(['M104 S200', ...moves(50)]);
    yard.printer.fault('unplug', 10);
    yard.missing = true;
    expect(yard.untilEnded()).toEqual({ result: 'failed', message: 'The port was lost: the cable was pulled' });
    const taken = yard.taken.length;
    const opens = yard.opens;
    for (let i = 0; i < 60; i++) {
      yard.system.turn(1_000);
      await yard.settle();
    }
    expect(yard.opens - opens).toBeGreaterThan(3);
    expect(yard.opens - opens).toBeLessThan(15);
    yard.missing = false;
    for (let i = 0; i < 40; i++) {
      yard.system.turn(1_000);
      await yard.settle();
    }
    expect(yard.link.view.status).toBe('available');
    expect(yard.taken.length).toBe(taken);
  });

  it('a port that comes back without a banner: heaters off before anything else, and said', async () => {
    await open({ noReset: false, speed: 10, rhythm: { reopen: { first: 100, most: 100 } } });
    yard.print(['M104 S200', ...moves(500)]);
    yard.until(() => yard.taken.length > 20);
    // The cable goes, the printer does not notice.
    const boot = yard.printer.boot;
    yard.printer.boot = () => {};
    const off = yard.printer.off;
    yard.printer.off = () => {};
    yard.printer.fault('unplug', 1);
    yard.untilEnded();
    yard.printer.off = off;
    yard.wire.length = 0;
    yard.system.turn(200);
    await yard.settle();
    yard.system.turn(14_000);
    yard.printer.boot = boot;
    expect(yard.link.view.status).not.toBe('unavailable');
    const commands = yard.sent(/./).map((line) => line.replace(/^> (N\d+ )?|\*\d+$/g, ''));
    expect(commands.slice(0, 5)).toEqual(['M108', 'M110 N0', 'M104 S0', 'M140 S0', 'M115']);
    expect(yard.link.view.lastError).toMatch(/heaters were turned off: The port was lost/);
    expect(yard.printer.tools[0]?.target).toBe(0);
    expect(yard.safes).toBe(1);
  });
});
