import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';

export interface Pty {
  /** Of the end that somebody else opens as a serial port. */
  readonly path: string;
  write(text: string): void;
  /** As pulling the plug: whoever has it open sees an error. */
  end(): Promise<void>;
}

/** Whether there is a `socat` to make one with. */
export async function canOpenPty(): Promise<boolean> {
  const child = spawn('socat', ['-V'], { stdio: 'ignore' });
  const [code] = (await once(child, 'close').catch(() => [1])) as [number | null];
  return code === 0;
}

/**
 * A pseudo-terminal at `path`, its other end in our hands, by way of Debian's `socat`. It has no reset line and no speed of
 * its own: the banner is sent on a trigger of one's own (printerlynx §9).
 */
export async function openPty(path: string, data: (text: string) => void): Promise<Pty> {
  const child = spawn('socat', [`pty,raw,echo=0,link=${path}`, '-'], { stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdout.setEncoding('latin1').on('data', data);
  child.stdin.on('error', () => {});
  const ended = once(child, 'close').then(
    () => {},
    () => {},
  );
  await linked(path, child);
  return {
    path,
    write: (text) => void child.stdin.write(text, 'latin1'),
    end: async () => {
      child.kill();
      await ended;
    },
  };
}

const lookMs = 10;

/** `socat` says nothing when the link is there. */
async function linked(path: string, child: ChildProcess): Promise<void> {
  while (!existsSync(path)) {
    if (child.exitCode !== null || child.pid === undefined) throw new Error(`socat could not make ${path}`);
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}
