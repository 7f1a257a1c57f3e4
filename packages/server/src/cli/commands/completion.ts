import type { Command } from 'commander';
import { candidates } from '../kit/complete.ts';
import { shells } from '../kit/completion-scripts.ts';
import { connect } from '../kit/connection.ts';
import { withExamples } from '../kit/help.ts';
import { liveWords } from '../kit/live-words.ts';
import { clean, print } from '../kit/output.ts';

/** Nobody waits longer for a key press. */
const patienceMs = 1_500;

export function define(command: Command): void {
  for (const [shell, { summary, script }] of Object.entries(shells)) {
    command
      .command(shell)
      .summary(summary)
      .description(`${summary.slice(0, 1).toUpperCase()}${summary.slice(1)}.`)
      .action(() => print(script));
  }
  command
    .command('words', { hidden: true })
    .argument('[words...]')
    .action((words: readonly string[]) => offer(words));
  withExamples(command, [
    ['source <(switchyard completion bash)', 'in ~/.bashrc'],
    ['source <(switchyard completion zsh)', 'in ~/.zshrc, after compinit'],
    ['switchyard completion fish > ~/.config/fish/completions/switchyard.fish', 'once'],
  ]);
}

/** One candidate a line, with a tab before what it is. Silent whatever goes wrong. */
async function offer(words: readonly string[]): Promise<void> {
  const late = setTimeout(() => process.exit(0), patienceMs);
  try {
    const found = await candidates(
      words,
      liveWords(async () => (await connect(connectionIn(words))).client),
    );
    for (const { value, text } of found) print(`${value}\t${clean(text)}`);
  } catch {
    // A shell has no place for it.
  } finally {
    clearTimeout(late);
  }
}

/** The flags that say which server, as far as they are written. */
function connectionIn(words: readonly string[]) {
  const flags = { '--server': 'server', '--token-file': 'tokenFile', '--data': 'data', '--ca': 'ca' } as const;
  const found: { server?: string; tokenFile?: string; data?: string; ca?: string } = {};
  for (const [flag, name] of Object.entries(flags) as [keyof typeof flags, (typeof flags)[keyof typeof flags]][]) {
    const at = words.indexOf(flag);
    const next = words[at + 1];
    const value = next === '=' ? words[at + 2] : next;
    const glued = words.find((word) => word.startsWith(`${flag}=`))?.slice(flag.length + 1);
    const given = glued ?? (at < 0 ? undefined : value);
    if (given !== undefined) found[name] = given;
  }
  return found;
}
