import { type Command, CommandsPayload } from '@switchyard/sdk/commands.ts';
import { Compile } from 'typebox/schema';
import { giveBack, type Outcome, succeeded } from '../../outcome.ts';
import { isShortage } from '../../owned-process.ts';
import type { RunContext, Runner } from '../runner.ts';
import { type CommandContext, commandContext } from './command-context.ts';
import { commandTable } from './table.ts';
import { asOutcome, refusal, type Trouble } from './trouble.ts';

const Payload = Compile(CommandsPayload);

/** A list of named steps, in order; the first failure fails the task (flamenco §6.1). */
export const commands: Runner = { how: 'process', run };

async function run(context: RunContext): Promise<Outcome> {
  const { payload } = context.task.body;
  if (!Payload.Check(payload)) return giveBack('reject', `the payload of task ${context.task.task} is not a list of commands`);
  const total = payload.commands.length;
  for (const [i, command] of payload.commands.entries()) {
    if (context.stop.aborted) break;
    const about = total === 1 ? command.name : `${command.name} (${i + 1} of ${total})`;
    context.note(`${about}\n`);
    const step = commandContext(context, { index: i, total, name: command.name });
    const trouble = await runCommand(command, step);
    await step.close();
    if (trouble !== null) {
      context.note(`${about}: ${trouble.error}\n`);
      return asOutcome(trouble);
    }
  }
  return succeeded;
}

async function runCommand({ name, settings }: Command, context: CommandContext): Promise<Trouble | null> {
  const row = Object.hasOwn(commandTable, name) ? commandTable[name] : undefined;
  if (row === undefined) {
    return refusal(
      `this worker does not know the command ${JSON.stringify(name)}; it knows ${Object.keys(commandTable).join(', ')}`,
    );
  }
  // null counts as absent (flamenco §6.1).
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null));
  const fault = row.fault(given);
  if (fault !== null) return refusal(`${name}: ${fault}`);
  try {
    return await row.run(given, context);
  } catch (error) {
    const trouble = refusal(`${name} failed on ${context.worker}: ${(error as Error).message}`);
    return isShortage(error) ? { ...trouble, busy: true } : trouble;
  }
}
