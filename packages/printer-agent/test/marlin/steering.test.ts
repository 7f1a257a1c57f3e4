import { afterEach, describe, expect, it } from 'vitest';
import { moves, PrinterYard, type YardOptions } from '../lib/printer-yard.ts';

let yard: PrinterYard;
const open = async (options: YardOptions = {}) => {
  yard = await PrinterYard.open({ speed: 10, ...options });
  return yard;
};
afterEach(async () => {
  await yard.close();
  expect(yard.system.timers, 'timers left behind').toBe(0);
});

const warm = ['G28', 'M83', 'M109 S205', 'G1 X10 Y20 Z0.4 F9000'];
const job = () => yard.link.view.job;

describe('pause', () => {
  it('printerlynx §8.23 stops the flow within one command; RESUME goes on with no line lost or repeated', async () => {
    await open();
    const lines = [...warm, ...moves(300)];
    yard.print(lines);
    yard.until(() => yard.taken.length > 40);
    const before = yard.taken.length;
    yard.link.pause();
    expect(job()?.state).toBe('pausing');
    yard.until(() => job()?.state === 'paused');
    const ours = /^(M400|M114|G1 E-|G1 Z5 |G9[012]|M8[23]|G1 F)/;
    expect(yard.taken.slice(before).filter((line) => lines.includes(line) && !ours.test(line)).length).toBeLessThanOrEqual(1);
    yard.system.turn(600_000);
    expect(job()?.state).toBe('paused');
    expect(yard.printer.tools[0]?.target).toBe(205);
    yard.link.resume();
    expect(yard.untilEnded()).toEqual({ result: 'completed', message: null });
    const positions = /^(M400|M114|G90|G92 .*|M83|G1 F\d+|G1 X[-\d.]+ Y[-\d.]+ F6000|G1 Z[-\d.]+ F600)$/;
    const printed = yard.taken.filter((line, at) => at < before || lines.includes(line) || !positions.test(line));
    expect(printed.filter((line) => /E/.test(line))).toEqual(lines.filter((line) => /E/.test(line)));
  });

  it('parks, and restores position, extruder, modes and speed', async () => {
    await open({ park: { retract: 1, lift: 5, at: { x: 0, y: 200 } } });
    const lines = [...warm, 'G1 X30 Y40 E1 F1800', 'G91', 'G1 X5 E0.5', ...Array<string>(200).fill('G1 X0.1 E0.01'), 'G90'];
    yard.print(lines);
    yard.until(() => yard.taken.length > 80);
    yard.link.pause();
    yard.until(() => job()?.state === 'paused');
    const { at } = yard.printer.motion;
    expect(at.Y).toBe(200);
    expect(at.Z).toBeCloseTo(5.4);
    // Somebody moves the head about meanwhile.
    yard.link.ask('jog', 'G1 X7 Y7 Z9');
    yard.system.turn(1_000);
    const from = yard.wire.length;
    yard.link.resume();
    yard.until(() => job()?.state === 'printing');
    const sent = yard.wire.slice(from).flatMap((line) => /^> N\d+ (.*)\*/.exec(line)?.[1] ?? []);
    const back = sent.slice(0, 8);
    expect(back[0]).toBe('G90');
    expect(back[1]).toMatch(/^G1 X[34][\d.]+ Y40 F6000$/);
    expect(back.slice(2, 5)).toEqual(['G1 Z0.4 F600', 'M83', 'G1 E1 F1800']);
    const told = yard.wire.flatMap((line) => /^< X:.* E:([\d.]+) Count/.exec(line)?.[1] ?? []).map(Number);
    expect(told[0]).toBeGreaterThan(0);
    expect(back[5]).toBe(`G92 E${told[0]}`);
    expect(back.slice(6)).toEqual(['G91', 'M83']);
    expect(sent[8]).toBe('G1 F1800');
    expect(yard.printer.motion.relative).toBe(true);
    expect(yard.untilEnded()).toMatchObject({ result: 'completed' });
    expect(yard.printer.motion.at.X).toBeCloseTo(30 + 5 + 20, 1);
    expect(yard.printer.motion.at.Y).toBe(40);
    expect(yard.printer.motion.at.Z).toBeCloseTo(0.4);
  });

  it('pausing twice and resuming what runs do nothing; resume while still pausing goes on', async () => {
    await open();
    const lines = [...warm, ...moves(100)];
    yard.print(lines);
    yard.until(() => yard.taken.length > 20);
    yard.link.resume();
    expect(job()?.state).toBe('printing');
    yard.link.pause();
    yard.link.pause();
    yard.link.resume();
    yard.until(() => job()?.state === 'printing');
    expect(yard.untilEnded()).toMatchObject({ result: 'completed' });
    expect(yard.sent(/M400/)).toHaveLength(1);
  });

  it('does not move a head that nobody has homed, nor push a cold nozzle', async () => {
    await open({ park: { retract: 1, lift: 5, at: null } });
    yard.print(moves(100));
    yard.until(() => yard.taken.length > 20);
    yard.link.pause();
    yard.until(() => job()?.state === 'paused');
    expect(yard.sent(/G91|E-1|Z5/)).toEqual([]);
  });

  it('follows the person at the printer', async () => {
    await open();
    yard.print(['G28', ...moves(200)]);
    yard.until(() => yard.taken.length > 20);
    yard.printer.say('//action:paused');
    yard.system.turn(1_000);
    const stopped = yard.taken.length;
    yard.system.turn(60_000);
    expect(yard.taken.length).toBe(stopped);
    expect(job()).toMatchObject({ state: 'paused', message: 'Paused at the printer' });
    yard.printer.say('//action:resumed');
    yard.system.turn(1_000);
    expect(yard.taken.length).toBeGreaterThan(stopped);
    yard.printer.say('//action:pause');
    yard.until(() => job()?.state === 'paused');
    yard.printer.say('// action:resume');
    yard.until(() => job()?.state === 'printing');
    yard.printer.say('//action:cancel');
    expect(yard.untilEnded()).toEqual({ result: 'cancelled', message: 'Cancelled at the printer' });
  });
});

describe('cancel', () => {
  it('printerlynx §8.23 turns the heaters off before it is cancelled, never homes', async () => {
    await open({ tools: 2 });
    yard.print([...warm, 'M140 S60', ...moves(300)]);
    yard.until(() => yard.taken.length > 40);
    const before = yard.taken.length;
    yard.link.cancel();
    expect(job()?.state).toBe('cancelling');
    expect(yard.untilEnded()).toEqual({ result: 'cancelled', message: null });
    expect(yard.taken.slice(-8)).toEqual(['M104 T0 S0', 'M104 T1 S0', 'M140 S0', 'M107', 'G91', 'G1 Z5 F600', 'G90', 'M84']);
    expect(yard.taken.slice(before)).not.toContain('G28');
    expect([...yard.printer.tools, yard.printer.bed].map(({ target }) => target)).toEqual([0, 0, 0]);
    expect(yard.link.view).toMatchObject({ status: 'available', job: null });
  });

  it('does not wait for the heat', async () => {
    await open({ speed: 0.05 });
    yard.print(['M109 S250', ...moves(10)]);
    yard.system.turn(5_000);
    yard.link.cancel();
    yard.untilEnded(5_000);
    expect(yard.sent(/^> M108$/)).toHaveLength(1);
    expect(yard.printer.tools[0]?.target).toBe(0);
    yard.print(['G28']);
    expect(yard.untilEnded()).toMatchObject({ result: 'completed' });
  });

  it('works when paused, and twice does nothing more', async () => {
    await open();
    yard.print([...warm, ...moves(100)]);
    yard.until(() => yard.taken.length > 20);
    yard.link.pause();
    yard.until(() => job()?.state === 'paused');
    yard.link.cancel();
    yard.link.cancel();
    expect(yard.untilEnded()).toMatchObject({ result: 'cancelled' });
    yard.system.turn(10_000);
    expect(yard.ends).toHaveLength(1);
    expect(yard.sent(/M84/)).toHaveLength(1);
  });
});

describe('emergency stop', () => {
  it.each([{ emergencyParser: true }, { emergencyParser: false }])(
    'printerlynx §8.24 goes out bare, at once, past every queue, in the middle of an M109 ($emergencyParser)',
    async (options) => {
      await open({ speed: 1, ...options });
      yard.print(['M109 S250', ...moves(10)]);
      yard.system.turn(5_000);
      for (let i = 0; i < 20; i++) yard.link.ask(`a${i}`, 'M117 hello');
      const sent = yard.sent(/./).length;
      const at = yard.system.monotonic();
      yard.link.emergency();
      const after = yard.sent(/./).slice(sent);
      expect(after[0]).toBe('> M112');
      expect(after[1]).toMatch(/^> N\d+ M112\*\d+$/);
      expect(after.slice(2)).toEqual(['> M104 S0', '> M140 S0']);
      expect(yard.printer.urgent.at(-1)).toEqual({ number: null, command: 'M112', at });
      expect(yard.wire).toContain('< Error:Printer halted. kill() called!');
      expect(yard.ends).toEqual([{ result: 'failed', message: 'Emergency stop' }]);
      expect(yard.answers.get('a19')).toBe('Printer is unavailable');
      expect(yard.link.view).toMatchObject({ status: 'unavailable', lastError: 'Emergency stop' });
      expect(yard.printer.taken.some(({ command }) => command.startsWith('M117'))).toBe(false);
    },
  );

  it('leaves the printer alone for a while, then connects again', async () => {
    await open();
    yard.link.emergency();
    await yard.settle();
    yard.system.turn(14_000);
    await yard.settle();
    expect(yard.opens).toBe(1);
    yard.system.turn(2_000);
    await yard.settle();
    yard.until(() => yard.link.view.status === 'available');
  });
});

describe('commands of people', () => {
  it('are answered with what the printer said', async () => {
    await open();
    yard.link.ask('a', 'M114');
    yard.link.ask('b', 'M9999');
    yard.system.turn(1_000);
    expect(yard.answers.get('a')).toEqual(['X:0.00 Y:0.00 Z:0.00 E:0.00 Count X:0 Y:0 Z:0', 'ok']);
    expect(yard.answers.get('b')).toEqual(['echo:Unknown command: "M9999"', 'ok']);
  });

  it('go between the lines of a print', async () => {
    await open();
    yard.print(['G28', ...moves(200)]);
    yard.until(() => yard.taken.length > 20);
    yard.link.ask('a', 'M220 S80');
    yard.system.turn(500);
    expect(yard.answers.get('a')).toEqual(['ok']);
    expect(yard.untilEnded()).toMatchObject({ result: 'completed' });
    expect(yard.taken.filter((line) => line !== 'M220 S80')).toEqual(['G28', ...moves(200)]);
  });

  it('are refused when too many wait, and when there is no printer', async () => {
    await open({ speed: 0.1 });
    yard.link.ask('home', 'G28');
    for (let i = 0; i < 60; i++) yard.link.ask(`n${i}`, 'M114');
    expect(yard.answers.get('n59')).toBe('Too many commands are waiting');
    yard.printer.fault('unplug', 1);
    yard.system.turn(100_000);
    expect(yard.answers.get('n0')).toBe('Printer is unavailable');
    yard.link.ask('late', 'M114');
    expect(yard.answers.get('late')).toBe('Printer is unavailable');
  });
});
