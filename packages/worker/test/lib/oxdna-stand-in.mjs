#!/usr/bin/env node
// Stands in for the program `oxDNA` where tests need one: our own, no dependencies, faithful in what is looked at from outside
// (dnaforge §9). Physics it has none: bonds come to their length, so that energy and stretched bonds fall by a known rule.
//
//   oxdna-stand-in.mjs INPUT      runs;  -v  prints a version
//
// Faults, by environment (a runner passes no strange variables on: let a wrapper script set them):
//   STANDIN_DELAY_MS        pause per step                      STANDIN_CUDA=1         takes backend=CUDA
//   STANDIN_CRASH_AT        step; with STANDIN_CRASH_CODE (1) after an ERROR line, or STANDIN_CRASH_SIGNAL
//   STANDIN_NAN_FROM        step from which energies are nan    STANDIN_INF_FROM       … are inf
//   STANDIN_HANG_AT         step at which it does nothing more, whatever it is told but SIGKILL
//   STANDIN_FLOOD_ERR       so many log lines at step 1         STANDIN_FLOOD_OUT      bytes without a line end at step 1
//   STANDIN_GARBAGE_AT      step at which a line says nothing that can be read
//   STANDIN_NO_CONVERGENCE  =1: the energy never rests          STANDIN_IGNORE_TERM    =1: SIGTERM changes nothing
//   STANDIN_TORN_MS         conf_end.dat is written in two halves, with so much time between
//   STANDIN_SHORT_CONF      =1: configurations written on the way lack their last line
//   STANDIN_WAIT_AT         step; waits there until the file STANDIN_WAIT_FOR exists
//   STANDIN_DIARY           file to which one line of JSON is added at every start: what it was started with
import { appendFileSync, existsSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';

const knobs = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('STANDIN_')));
const knob = (name) => (knobs[`STANDIN_${name}`] === undefined ? null : Number(knobs[`STANDIN_${name}`]));

let stopped = false;
if (knob('IGNORE_TERM') === 1) process.on('SIGTERM', () => {});
else {
  process.on('SIGTERM', () => {
    stopped = true;
  });
}

const say = (text) => writeSync(2, `${text}\n`);
const info = (text) => say(`INFO: ${text}`);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function die(text) {
  say(`ERROR: ${text}`);
  process.exit(1);
}

/** Keys and values; a value may be a block in braces over many lines. */
function parseInput(text) {
  const keys = new Map();
  const lines = text.replace(/#.*$/gm, '').split(/[\n;]/);
  for (let at = 0; at < lines.length; at += 1) {
    const mark = lines[at].indexOf('=');
    if (mark < 0) continue;
    const key = lines[at].slice(0, mark).trim();
    let value = lines[at].slice(mark + 1).trim();
    const open = () => value.split('{').length - value.split('}').length;
    while (open() > 0 && at + 1 < lines.length) {
      at += 1;
      value += `\n${lines[at]}`;
    }
    keys.set(key, value);
  }
  return keys;
}

function readInput(path) {
  if (!existsSync(path)) die(`Can't open input file '${path}'`);
  const keys = parseInput(readFileSync(path, 'utf8'));
  const need = (name) => keys.get(name) ?? die(`Mandatory key "${name}" not found`);
  const common = ['topology', 'conf_file', 'trajectory_file', 'energy_file', 'print_conf_interval', 'print_energy_every'];
  for (const name of ['steps', 'T', ...common]) need(name);
  const simType = keys.get('sim_type') ?? 'MD';
  const own = { MC: ['delta_translation', 'delta_rotation', 'ensemble'], MD: ['dt', 'thermostat'], min: ['dt'] };
  if (own[simType] === undefined) die(`Simulation type '${simType}' not supported`);
  for (const name of own[simType]) need(name);
  const backend = keys.get('backend') ?? 'CPU';
  if (backend !== 'CPU' && (backend !== 'CUDA' || knob('CUDA') !== 1)) die(`Backend '${backend}' not supported`);
  const thermostat = keys.get('thermostat') ?? 'no';
  if (!/^(no|refresh|brownian|langevin|bussi|john)$/.test(thermostat)) die(`Invalid Thermostat '${thermostat}'`);
  const interaction = keys.get('interaction_type') ?? 'DNA';
  if (/^(DNA2|RNA2|NA|NA_relax)$/.test(interaction)) need('salt_concentration');
  return { keys, need, simType };
}

const filled = (text) => text.split('\n').filter((line) => line.trim() !== '');

/** Bonds as pairs of particles, in either format. */
function readTopology(path) {
  if (!existsSync(path)) die(`Can't read topology file '${path}'. Aborting`);
  const [head = '', ...rest] = filled(readFileSync(path, 'utf8'));
  const [count, strands, order] = head.trim().split(/\s+/);
  const n = Number(count);
  if (!Number.isInteger(n) || n < 1) die(`The topology file '${path}' begins with '${head}'`);
  const bonds = [];
  if (order === '5->3') {
    if (rest.length < Number(strands)) die(`The topology file contains only ${rest.length} strands instead of ${strands}`);
    let at = 0;
    for (const line of rest.slice(0, Number(strands))) {
      const [sequence] = line.trim().split(/\s+/);
      for (let i = 1; i < sequence.length; i += 1) bonds.push([at + i - 1, at + i]);
      if (/circular=true/.test(line)) bonds.push([at + sequence.length - 1, at]);
      at += sequence.length;
    }
    if (at !== n) die(`The topology file contains ${at} nucleotides instead of ${n}`);
  } else {
    if (rest.length < n) die(`The topology file contains only ${rest.length} particles instead of ${n}`);
    for (const [i, line] of rest.slice(0, n).entries()) {
      const next = Number(line.trim().split(/\s+/)[3]);
      if (next >= 0) bonds.push([i, next]);
    }
  }
  return { n, bonds };
}

function readConfiguration(path, n) {
  if (!existsSync(path)) die(`Can't read configuration file '${path}'`);
  const lines = filled(readFileSync(path, 'utf8'));
  const [time = '', box = '', energy = '', ...rows] = lines;
  if (!/^t\s*=\s*\d+/.test(time) || !/^b\s*=/.test(box) || !/^E\s*=/.test(energy)) die(`Malformed headers found in '${path}'`);
  if (rows.length < n) die(`The number of particles found in the configuration file (${rows.length}) is less than ${n}`);
  const particles = rows.slice(0, n).map((row) => row.trim().split(/\s+/).map(Number));
  if (particles.some((one) => one.length < 9 || one.some(Number.isNaN))) die(`A particle line of '${path}' is malformed`);
  return { box: box.slice(box.indexOf('=') + 1).trim(), particles };
}

/** Traps are read and checked, and pull at nothing. */
function checkTraps(keys, n) {
  if (!/^(true|1|yes)$/.test(keys.get('external_forces') ?? '')) return;
  const path = keys.get('external_forces_file') ?? die('Mandatory key "external_forces_file" not found');
  if (!existsSync(path)) die(`Can't open the external forces file '${path}'`);
  for (const [, block] of readFileSync(path, 'utf8').matchAll(/\{([^}]*)\}/g)) {
    const force = parseInput(block);
    if (force.get('type') !== 'mutual_trap') die(`Invalid force type '${force.get('type')}'`);
    const [a, b] = [Number(force.get('particle')), Number(force.get('ref_particle'))];
    if (!(a < n && b < n)) die(`Invalid particle index ${a} or ${b} in the external forces`);
  }
}

/** A generator of the same numbers for the same seed, -1 … 1. */
function noiseOf(seed) {
  let state = (seed >>> 0) + 0x9e3779b9;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) | 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2_147_483_648 - 1;
  };
}

const stretchedFrom = 1.5;
const between = (p, a, b) => Math.hypot(p[b][0] - p[a][0], p[b][1] - p[a][1], p[b][2] - p[a][2]);

/** How much of what a bond is too long by goes with every step. */
const rate = 0.02;

/** Every bond between neighbours comes nearer to its length, and the rest of the strand follows: bonds do not hinder each other. */
function relax(p, bonds) {
  const before = p.map(([x, y, z]) => [x, y, z]);
  for (const [a, b] of bonds) {
    if (b !== a + 1) continue;
    const distance = between(before, a, b) || 1e-9;
    const scale = (distance + (0.75 - distance) * rate) / distance;
    for (let axis = 0; axis < 3; axis += 1) p[b][axis] = p[a][axis] + (before[b][axis] - before[a][axis]) * scale;
  }
}

function makeWorld({ keys }) {
  const { n, bonds } = readTopology(keys.get('topology'));
  const { box, particles: p } = readConfiguration(keys.get('conf_file'), n);
  checkTraps(keys, n);
  const noise = noiseOf(Number(keys.get('seed') ?? 42));
  return {
    n,
    step() {
      relax(p, bonds);
      for (const one of p) one[1] += noise() * 1e-7;
    },
    energy() {
      let sum = 0;
      for (const [a, b] of bonds) if (b === a + 1) sum += 50 * (between(p, a, b) - 0.75) ** 2;
      return sum / n - 1.4;
    },
    stretched: () => bonds.filter(([a, b]) => b === a + 1 && between(p, a, b) > stretchedFrom).length,
    text(step, energy) {
      const head = `t = ${step}\nb = ${box}\nE = ${energy} ${energy} 0\n`;
      const rows = p.map((one) => [...one, ...new Array(15).fill(0)].slice(0, 15).map((x) => Number(x.toPrecision(15))));
      return `${head}${rows.map((row) => row.join(' ')).join('\n')}\n`;
    },
  };
}

function number(value, step) {
  if (knob('NAN_FROM') !== null && step >= knob('NAN_FROM')) return 'nan';
  if (knob('INF_FROM') !== null && step >= knob('INF_FROM')) return 'inf';
  return value.toFixed(6);
}

/** What goes to stdout or files by `data_output_n`, before the standard line. */
function outputsOf(keys) {
  const outputs = [];
  for (const [key, block] of keys) {
    if (!/^data_output_\d+$/.test(key)) continue;
    const inner = parseInput(block.replace(/^\{|\}$/g, '').replace(/\{([^}]*)\}/g, (_, text) => text.replaceAll('\n', '|')));
    const columns = [];
    for (let i = 1; inner.has(`col_${i}`); i += 1) columns.push(/type\s*=\s*(\w+)/.exec(inner.get(`col_${i}`))?.[1] ?? '');
    outputs.push({ name: inner.get('name'), every: Number(inner.get('print_every')), columns });
  }
  return outputs;
}

function column(type, { step, world, energy }) {
  if (type === 'step') return String(step).padStart(12);
  if (type === 'potential_energy') return energy.padStart(10);
  return String(world.stretched());
}

function standardLine(simType, step, dt, energy) {
  if (simType === 'MC') return `${String(step).padStart(12)} ${energy}   0.500 0.500 0.000`;
  return `${String(step).padStart(12)} ${(step * dt).toFixed(6)} ${energy} 0.500000 ${energy}`;
}

async function run(path) {
  info('seeding the RNG with 42');
  const input = readInput(path);
  const { keys, simType } = input;
  info(`Simulation type: ${simType}`);
  const world = makeWorld(input);
  info(`N: ${world.n}`);
  const steps = Number(keys.get('steps'));
  const confEvery = Number(keys.get('print_conf_interval'));
  const energyEvery = Number(keys.get('print_energy_every'));
  // As the real one: a remainder by nought.
  if (confEvery === 0 || energyEvery === 0) process.kill(process.pid, 'SIGFPE');
  const dt = Number(keys.get('dt') ?? 0);
  const last = keys.get('lastconf_file') ?? 'last_conf.dat';
  const trajectory = keys.get('trajectory_file');
  if (trajectory !== '/dev/null') writeFileSync(trajectory, '');
  const energyFile = openSync(keys.get('energy_file'), 'w');
  const outputs = outputsOf(keys);
  const energyAt = (step) => world.energy() - (knob('NO_CONVERGENCE') === 1 ? step / energyEvery : 0);

  async function writeConfiguration(step, final) {
    let text = world.text(step, energyAt(step));
    if (!final && knob('SHORT_CONF') === 1) text = text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1);
    const torn = knob('TORN_MS');
    if (torn !== null && !final) {
      const half = Math.floor(text.length / 2);
      writeFileSync(last, '');
      await pause(torn / 2);
      writeFileSync(last, text.slice(0, half));
      await pause(torn / 2);
      appendFileSync(last, text.slice(half));
    } else writeFileSync(last, text);
    return text;
  }

  function printEnergy(step) {
    const energy = number(energyAt(step), step);
    const said = { step, world, energy };
    for (const { name, every, columns } of outputs) {
      if (step % every !== 0) continue;
      const line = `${columns.map((type) => column(type, said)).join(' ')}\n`;
      if (name === 'stdout') writeSync(1, line);
      else appendFileSync(name, line);
    }
    if (!/^(true|1|yes)$/.test(keys.get('no_stdout_energy') ?? '')) writeSync(1, `${standardLine(simType, step, dt, energy)}\n`);
    const file = simType === 'MC' ? `${step} ${energy} 0.500 0.500 0.000` : `${(step * dt).toFixed(4)} ${energy} 0.5 ${energy}`;
    writeSync(energyFile, `${file}\n`);
  }

  for (let step = 0; ; step += 1) {
    if (step > 0 && step % confEvery === 0) {
      const text = await writeConfiguration(step, false);
      if (trajectory !== '/dev/null') appendFileSync(trajectory, text);
    }
    if (step % energyEvery === 0) printEnergy(step);
    await faults(step);
    if (step === steps || stopped) {
      await writeConfiguration(step, true);
      info(stopped ? 'Caught SIGNAL 15, aborting simulation' : 'END OF THE SIMULATION, everything went OK!');
      return;
    }
    world.step();
    if (knob('DELAY_MS') !== null) await pause(knob('DELAY_MS'));
    // Signals are heard between turns of the event loop only.
    else if (step % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

async function faults(step) {
  if (step === knob('WAIT_AT')) while (!existsSync(knobs.STANDIN_WAIT_FOR) && !stopped) await pause(5);
  if (step === 1 && knob('FLOOD_ERR') !== null) {
    const many = `${'INFO: nothing of importance, again and again\n'.repeat(1_000)}`;
    for (let lines = 0; lines < knob('FLOOD_ERR'); lines += 1_000) writeSync(2, many);
  }
  if (step === 1 && knob('FLOOD_OUT') !== null) {
    const piece = 'x'.repeat(65_536);
    for (let bytes = 0; bytes < knob('FLOOD_OUT'); bytes += piece.length) writeSync(1, piece);
  }
  if (step === knob('GARBAGE_AT')) writeSync(1, 'this is no energy line\nnor is this\n');
  if (step === knob('HANG_AT')) {
    process.on('SIGTERM', () => {});
    for (;;) await pause(1_000_000);
  }
  if (step !== knob('CRASH_AT')) return;
  const signal = knobs.STANDIN_CRASH_SIGNAL;
  if (signal !== undefined) {
    process.kill(process.pid, signal);
    for (;;) await pause(1_000_000);
  }
  say('INFO: something is about to go wrong');
  say(`ERROR: Distance between bonded neighbors exceeds acceptable values (step ${step})`);
  process.exit(knob('CRASH_CODE') ?? 1);
}

if (knobs.STANDIN_DIARY !== undefined) {
  const limits = existsSync('/proc/self/limits') ? readFileSync('/proc/self/limits', 'utf8') : '';
  const entry = { pid: process.pid, argv: process.argv.slice(2), cwd: process.cwd(), env: process.env, limits };
  appendFileSync(knobs.STANDIN_DIARY, `${JSON.stringify(entry)}\n`);
}
const [argument] = process.argv.slice(2);
if (argument === undefined) {
  writeSync(1, 'Usage is oxDNA input_file\n');
  process.exit(1);
}
if (argument === '-v' || argument === '--version') {
  writeSync(1, 'oxDNA 3.7.0-stand-in of the tests\n');
  process.exit(0);
}
await run(argument);
process.exit(0);
