import { compileCheck, type Fault } from '@switchyard/sdk/check.ts';
import { type OxdnaPayload, oxdnaLimits } from '@switchyard/sdk/oxdna.ts';
import { type Result, refuse } from '../../domain/errors.ts';
import { type Answers, keysOfAnswers } from './answers.ts';
import { FileConfig, ManualConfig, NestedConfig, type StageConfig } from './config.ts';
import { inputText, readInputFile, safeKeys } from './input-file.ts';
import { answersOfNested } from './nested-config.ts';
import { wholeNumber } from './numbers.ts';

/** A stage with what follows of its description. */
export interface Stage {
  /** In today's form, whatever form it came in. */
  readonly config: StageConfig;
  readonly payload: OxdnaPayload;
}

export interface StageRules {
  /** Stages that can may run on a graphics card. */
  readonly cuda: boolean;
}

/** Checks one description and makes the worker's part of it. What is wrong names the stage, counted from 1, and the option. */
export function readStage(given: unknown, index: number, rules: StageRules): Result<Stage> {
  const made = makeStage(given, index, rules);
  if (made.refusal === undefined) return made;
  const { code, detail } = made.refusal;
  return refuse(code, `Stage ${index + 1}: ${detail}`, `/spec/stages/${index}`);
}

function makeStage(given: unknown, index: number, rules: StageRules): Result<Stage> {
  const config = readConfig(given);
  if (config.refusal !== undefined) return config;
  const keys = keysOf(config.value);
  if (keys.refusal !== undefined) return keys;
  const counted = counts(keys.value);
  if (counted.refusal !== undefined) return counted;
  const wrong = chooseBackend(keys.value, config.value, rules);
  if (wrong !== null) return refuse('invalid', wrong);
  const input = inputText(keys.value);
  if (input.refusal !== undefined) return input;
  const { createTrajectory, autoExtendStage, maxExtensions } = config.value;
  const payload: OxdnaPayload = {
    stage: index,
    input: input.value,
    ...counted.value,
    autoExtend: autoExtendStage,
    maxExtensions: Math.min(maxExtensions, oxdnaLimits.extensions),
    createTrajectory,
  };
  return { value: { config: config.value, payload } };
}

const checks = {
  file: compileCheck(FileConfig),
  manual: compileCheck(ManualConfig),
  nested: compileCheck(NestedConfig),
};

function readConfig(given: unknown): Result<StageConfig> {
  if (typeof given !== 'object' || given === null) return refuse('malformed', 'it must be an object');
  const { type } = given as { type?: unknown };
  if (type === 'FileConfig') {
    return checked(checks.file, given, (config: FileConfig) => ({ type: config.type, content: config.content }));
  }
  if (type !== 'ManualConfig') return refuse('malformed', 'its type must be FileConfig or ManualConfig');
  if ('properties' in given) {
    return checked(checks.manual, given, (config: ManualConfig) => withAnswers(config.properties));
  }
  return checked(checks.nested, given, (config: NestedConfig) => withAnswers(answersOfNested(config)));
}

type Own = Pick<FileConfig, 'type' | 'content'> | Pick<ManualConfig, 'type' | 'properties'>;

const withAnswers = (answers: Answers): Own => ({
  type: 'ManualConfig',
  properties: answers.map(({ name, value }) => ({ name, value })),
});

type Described = FileConfig | ManualConfig | NestedConfig;

function checked<C extends Described>(check: (value: unknown) => Fault | null, given: object, own: (config: C) => Own) {
  const fault = check(given);
  if (fault !== null) return refuse('malformed', `${fault.at === '' ? 'it' : fault.at.slice(1)} ${fault.text}`);
  const config = given as C;
  const { metadata = {}, createTrajectory = true, autoExtendStage = false, maxExtensions } = config;
  return { value: { ...own(config), metadata, createTrajectory, autoExtendStage, maxExtensions: maxExtensions ?? 0 } };
}

function keysOf(config: StageConfig): Result<Map<string, string>> {
  if (config.type === 'ManualConfig') return keysOfAnswers(config.properties);
  const read = readInputFile(config.content);
  return read.refusal !== undefined ? read : safeKeys(read.value);
}

/** Without `print_energy_every` there would be nothing to see; then as often as configurations, else a hundred times. */
function counts(keys: Map<string, string>): Result<Pick<OxdnaPayload, 'steps' | 'printEvery'>> {
  const steps = wholeNumber(keys.get('steps') ?? '');
  if (steps === null) return refuse('invalid', 'steps must be a whole number from 1 on');
  const given = keys.get('print_energy_every');
  const printEvery = given === undefined ? derived(steps, keys.get('print_conf_interval')) : wholeNumber(given);
  if (printEvery === null) return refuse('invalid', 'print_energy_every must be a whole number from 1 on');
  keys.set('steps', String(steps));
  keys.set('print_energy_every', String(printEvery));
  if (!keys.has('print_conf_interval')) keys.set('print_conf_interval', String(printEvery));
  return { value: { steps, printEvery } };
}

const derived = (steps: number, interval: string | undefined): number =>
  wholeNumber(interval ?? '') ?? Math.max(1, Math.floor(steps / 100));

/** dnaforge §3.4: without leave for the card, everything described by options runs on the processor. */
function chooseBackend(keys: Map<string, string>, { type }: StageConfig, { cuda }: StageRules): string | null {
  if (cuda || keys.get('backend') !== 'CUDA') return null;
  if (type === 'FileConfig') return 'backend = CUDA is not offered here; write backend = CPU';
  keys.set('backend', 'CPU');
  return null;
}
