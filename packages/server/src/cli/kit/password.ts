import { text as readAll } from 'node:stream/consumers';
import { CliError, usage } from './cli-error.ts';
import { exitCodes } from './exit-codes.ts';

export interface PasswordOption {
  readonly passwordStdin?: boolean;
}

/** From the terminal without showing it, or from standard input where that was asked for. */
export async function askPassword(question: string, { passwordStdin }: PasswordOption): Promise<string> {
  if (passwordStdin === true) return ((await readAll(process.stdin)).split('\n')[0] ?? '').replace(/\r$/, '');
  if (!process.stdin.isTTY) throw usage('No terminal to ask for the password: add --password-stdin and pipe it in');
  return hidden(`${question}: `);
}

/** Twice, since nobody sees what is typed. */
export async function askNewPassword(question: string, option: PasswordOption): Promise<string> {
  const first = await askPassword(question, option);
  if (option.passwordStdin === true) return first;
  if ((await hidden('Once more: ')) !== first) throw new CliError('The two are not the same; nothing was changed.');
  return first;
}

function hidden(question: string): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(question);
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  return new Promise((resolve, reject) => {
    let typed: readonly string[] = [];
    const end = (): void => {
      stdin.off('data', hear);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write('\n');
    };
    const hear = (data: string): void => {
      for (const key of data) {
        if (stop.has(key) || enter.has(key)) {
          end();
          if (enter.has(key)) resolve(typed.join(''));
          else reject(new CliError('Not done.', exitCodes.interrupted.code));
          return;
        }
        typed = back.has(key) ? typed.slice(0, -1) : [...typed, key];
      }
    };
    stdin.on('data', hear);
    stdin.resume();
  });
}

/** Ctrl-C and Ctrl-D: a terminal in raw mode passes them on. */
const stop = new Set(['\u0003', '\u0004']);
const enter = new Set(['\r', '\n']);
const back = new Set(['\u007f', '\b']);
