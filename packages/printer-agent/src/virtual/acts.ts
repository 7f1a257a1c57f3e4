import type { Heater } from './heater.ts';
import type { Motion } from './motion.ts';

/** What a command can get at. */
export interface Body {
  readonly tools: readonly Heater[];
  readonly bed: Heater;
  readonly motion: Motion;
  readonly speed: number;
  readonly temperatures: string;
  tool: number;
  now(): number;
  heat(): void;
  say(text: string): void;
  kill(why: string): void;
  /** M110. */
  count(number: number): void;
  autoReport(seconds: number): void;
  capability(name: string): boolean;
}

/** A command being carried out. */
export interface Act {
  /** When it will be done, as far as can be told now; Infinity: not by time. */
  until(): number;
  /** It waits for a temperature and reports that once a second. */
  readonly heats: boolean;
  readonly busy: string;
  /** What the `ok` carries. */
  readonly answer: string;
  readonly number: number | null;
  /** M108. */
  interrupt(): void;
}

type Words = ReadonlyMap<string, number>;
type Begin = (body: Body, words: Words, text: string) => Partial<Omit<Act, 'interrupt' | 'number'>> | undefined;

/** How often a wait for heat looks, and says how far it is. Milliseconds. */
const lookMs = 1_000;
const homingMs = 3_000;
const probingMs = 15_000;

/** Begins it; what takes no time is done already. */
export function actOf(body: Body, text: string, number: number | null): Act {
  const [, letter = '', digits = ''] = /^([A-Za-z])\s*(\d+)/.exec(text) ?? [];
  const word = `${letter.toUpperCase()}${Number(digits)}`;
  const begin = acts[word] ?? (letter.toUpperCase() === 'T' ? selectTool : null);
  const begun = begin === null ? unknown(body, text) : begin(body, wordsOf(text), text);
  const { until = () => 0, heats = false, busy = 'processing', answer = '' } = begun ?? {};
  let broken = false;
  return {
    number,
    heats,
    busy,
    answer,
    until: () => (broken ? 0 : until()),
    interrupt: () => {
      broken = heats || busy.startsWith('paused');
    },
  };
}

function unknown(body: Body, text: string): undefined {
  body.say(`echo:Unknown command: "${text}"`);
}

function wordsOf(text: string): Words {
  const found = text.slice(1).matchAll(/([A-Za-z])\s*(-?\d*\.?\d+)?/g);
  return new Map([...found].map(([, letter = '', value]) => [letter.toUpperCase(), value === undefined ? 0 : Number(value)]));
}

const nothing: Begin = () => undefined;

const takes =
  (ms: number): Begin =>
  (body) => {
    const until = body.motion.doneAt(body.now()) + ms / body.speed;
    return { until: () => until };
  };

const move: Begin = (body, words) => {
  const room = body.motion.roomAt(body.now());
  let planned = false;
  return {
    until: () => {
      if (planned || body.now() < room) return planned ? 0 : room;
      planned = true;
      body.motion.move(words, body.now());
      return 0;
    },
  };
};

const heaterOf = (body: Body, words: Words): Heater => body.tools[words.get('T') ?? body.tool] ?? body.bed;

const aim =
  (which: 'tool' | 'bed', wait: boolean): Begin =>
  (body, words) => {
    const heater = which === 'bed' ? body.bed : heaterOf(body, words);
    body.heat();
    const target = words.get('S') ?? words.get('R');
    if (target !== undefined) heater.aim(Math.max(0, target));
    return wait ? { heats: true, until: () => whenSteady(body, heater) } : undefined;
  };

function whenSteady(body: Body, heater: Heater): number {
  body.heat();
  return heater.steady ? 0 : body.now() + lookMs;
}

const untilPerson: Begin = () => ({ until: () => Number.POSITIVE_INFINITY, busy: 'paused for user' });

function selectTool(body: Body, _: Words, text: string): undefined {
  const tool = Number(/\d+/.exec(text)?.[0]);
  if (tool < body.tools.length) body.tool = tool;
  else body.say(`echo:T${tool} Invalid extruder`);
}

/** What it knows; the rest is `Unknown command`. */
const acts: Readonly<Record<string, Begin>> = {
  G0: move,
  G1: move,
  G4: (body, words) => takes((words.get('S') ?? 0) * 1_000 + (words.get('P') ?? 0))(body, words, ''),
  G28: (body, words, text) => {
    body.motion.home();
    return takes(homingMs)(body, words, text);
  },
  G29: takes(probingMs),
  G90: ({ motion }) => {
    motion.relative = false;
    motion.relativeE = false;
    return undefined;
  },
  G91: ({ motion }) => {
    motion.relative = true;
    motion.relativeE = true;
    return undefined;
  },
  G92: ({ motion }, words) => {
    for (const axis of ['X', 'Y', 'Z', 'E'] as const) motion.at[axis] = words.get(axis) ?? motion.at[axis];
    return undefined;
  },
  M0: untilPerson,
  M1: untilPerson,
  M82: ({ motion }) => {
    motion.relativeE = false;
    return undefined;
  },
  M83: ({ motion }) => {
    motion.relativeE = true;
    return undefined;
  },
  M104: aim('tool', false),
  M109: aim('tool', true),
  M140: aim('bed', false),
  M190: aim('bed', true),
  M105: (body) => ({ answer: ` ${body.temperatures}` }),
  M110: (body, words) => {
    const number = words.get('N');
    if (number !== undefined) body.count(number);
    return undefined;
  },
  M112: (body) => {
    body.kill('Printer halted. kill() called!');
    return undefined;
  },
  M114: (body) => {
    const { X, Y, Z, E } = body.motion.at;
    body.say(`X:${X.toFixed(2)} Y:${Y.toFixed(2)} Z:${Z.toFixed(2)} E:${E.toFixed(2)} Count X:${Math.round(X * 80)} Y:0 Z:0`);
    return undefined;
  },
  M115: (body) => {
    body.say('FIRMWARE_NAME:Marlin 2.1.2 (virtual) PROTOCOL_VERSION:1.0 MACHINE_TYPE:Virtual printer EXTRUDER_COUNT:1');
    for (const name of ['AUTOREPORT_TEMP', 'EMERGENCY_PARSER', 'PROMPT_SUPPORT']) {
      body.say(`Cap:${name}:${body.capability(name) ? 1 : 0}`);
    }
    return undefined;
  },
  M155: (body, words) => {
    body.autoReport(words.get('S') ?? 0);
    return undefined;
  },
  M400: takes(0),
  ...Object.fromEntries(
    'G21 M17 M18 M73 M84 M106 M107 M108 M117 M118 M141 M201 M203 M204 M205 M220 M221 M300 M410 M413 M862'
      .split(' ')
      .map((word) => [word, nothing]),
  ),
};
