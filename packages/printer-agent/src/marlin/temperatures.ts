export const heaters = ['tool0', 'tool1', 'tool2', 'tool3', 'bed', 'chamber'] as const;
export type Heater = (typeof heaters)[number];

/** Degrees Celsius. */
export interface Reading {
  readonly actual: number;
  /** 0: off, or never told. */
  readonly target: number;
}

export type Temperatures = Readonly<Partial<Record<Heater, Reading>>>;

const field = /(?:^|[\s(])(T\d?|B|C):\s*(-?(?:[\d.]+|nan|inf))(?:\s*\/\s*(-?(?:[\d.]+|nan|inf)))?/gi;

const heaterOf: Readonly<Record<string, Heater>> = {
  T: 'tool0',
  T0: 'tool0',
  T1: 'tool1',
  T2: 'tool2',
  T3: 'tool3',
  B: 'bed',
  C: 'chamber',
};

/**
 * The heaters of a report, on top of what was known. `T:` is the active tool and counts only where no tool is named
 * (printerlynx §6.1). What is not a number is left as it was, field by field.
 */
export function readTemperatures(text: string, known: Temperatures): Temperatures {
  const found = [...text.matchAll(field)].map(([, name = '', actual, target]) => ({ name: name.toUpperCase(), actual, target }));
  const named = found.some(({ name }) => /^T\d$/.test(name));
  const next: Partial<Record<Heater, Reading>> = { ...known };
  for (const { name, actual, target } of found) {
    const heater = named && name === 'T' ? undefined : heaterOf[name];
    if (heater === undefined) continue;
    const before = next[heater] ?? { actual: 0, target: 0 };
    next[heater] = { actual: numberOr(actual, before.actual), target: numberOr(target, before.target) };
  }
  return next;
}

function numberOr(text: string | undefined, otherwise: number): number {
  const value = Number(text);
  return text === undefined || !Number.isFinite(value) ? otherwise : value;
}

/** Some heater is on and not yet near what is wanted of it. */
export function isHeating(temperatures: Temperatures): boolean {
  return Object.values(temperatures).some(({ actual, target }) => target > 0 && actual < target - 3);
}

export function someHeaterOn(temperatures: Temperatures): boolean {
  return Object.values(temperatures).some(({ target }) => target > 0);
}

/** The heaters have been turned off; the next report will say so too. */
export function turnedOff(temperatures: Temperatures): Temperatures {
  return Object.fromEntries(Object.entries(temperatures).map(([heater, { actual }]) => [heater, { actual, target: 0 }]));
}
