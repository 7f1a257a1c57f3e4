import Type from 'typebox';
import { pauseUnless } from '../../system.ts';
import { commandRow } from './command-row.ts';
import { splitWords } from './split-words.ts';
import { refusal } from './trouble.ts';

export const echo = commandRow(Type.Object({ message: Type.String() }), ({ message }, { say }) => {
  say(message);
  return null;
});

const mostLines = 1_000_000;

/** To see what much output does to a farm. */
export const logALot = commandRow(
  Type.Object({ lines: Type.Optional(Type.Integer({ minimum: 0, maximum: mostLines })) }),
  ({ lines = 20_000 }, { say }) => {
    for (let i = 1; i <= lines; i++) say(`line ${i} of ${lines}`);
    return null;
  },
);

/** A task that says nothing for long counts as hung: a sleeper says that it lives. */
const signOfLife = 60;

export const sleep = commandRow(
  Type.Object({ time_in_seconds: Type.Number({ minimum: 0 }) }),
  async ({ time_in_seconds: seconds }, { system, stop, progress }) => {
    for (let slept = 0; slept < seconds && !stop.aborted; slept += signOfLife) {
      progress(slept, seconds, 's');
      await pauseUnless(system, Math.min(signOfLife, seconds - slept) * 1_000, stop);
    }
    return null;
  },
);

/** A command line, split as a shell would, run without one. */
export const exec = commandRow(Type.Object({ cmd: Type.String() }), async ({ cmd }, { spawn }) => {
  const words = splitWords(cmd);
  if (words === null) return refusal(`exec: a quote is not closed in ${cmd}`);
  if (words.length === 0 || words[0] === '') return refusal('exec: there is no program in cmd');
  return await spawn(words);
});
