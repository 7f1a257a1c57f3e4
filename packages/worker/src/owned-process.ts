import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import type { Sink } from '@switchyard/sdk/task-spec.ts';
import { limits } from './limits.ts';
import { killTree, members, signalTree, type Tree, youngMembers } from './process-tree.ts';
import type { System, Timer } from './system.ts';

export interface Command {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly marker: string;
}

export interface ProcessEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Processes that even SIGKILL did not end. */
  readonly survivors: boolean;
}

export interface ProcessEvents {
  /** Once, after the process and all its descendants are gone and its pipes are read to the end. */
  readonly ended: (end: ProcessEnd) => void;
}

/** Attempts shorter than this are searched for descendants the quick way (see `youngMembers`). */
const youngMs = 200;

/** One process of ours with all that it starts: its own session, no terminal, no shell, nothing on its standard input. */
export class OwnedProcess {
  readonly pid: number;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  readonly #child: ChildProcess;
  readonly #tree: Tree;
  readonly #system: System;
  readonly #events: ProcessEvents;
  readonly #bornAt: number;
  #openPipes = 0;
  #end: { exitCode: number | null; signal: string | null } | null = null;
  #treeGone = false;
  #survivors = false;
  #stopping = false;
  #suspended = false;
  #grace: Timer | null = null;
  #drain: Timer | null = null;
  #done = false;

  constructor(child: ChildProcess, pid: number, marker: string, system: System, events: ProcessEvents) {
    this.pid = pid;
    this.stdout = child.stdout;
    this.stderr = child.stderr;
    this.#child = child;
    this.#tree = { pid, marker };
    this.#system = system;
    this.#events = events;
    this.#bornAt = system.monotonic();
    for (const pipe of [child.stdout, child.stderr]) this.#watch(pipe);
    child.once('exit', (exitCode, signal) => {
      this.#end = { exitCode, signal };
      this.#afterExit();
    });
    child.on('error', () => {});
  }

  /** SIGTERM to all of it, SIGKILL after the grace. */
  stop(graceMs: number): void {
    if (this.#stopping || this.#done) return;
    this.#stopping = true;
    signalTree(this.#tree, 'SIGTERM');
    // A stopped process gets no SIGTERM before it goes on.
    if (this.#suspended) this.resume();
    this.#grace = this.#system.after(graceMs, () => {
      this.#grace = null;
      if (!this.#treeGone) this.#killRest();
    });
  }

  suspend(): void {
    if (this.#stopping) return;
    this.#suspended = true;
    signalTree(this.#tree, 'SIGSTOP');
  }

  resume(): void {
    this.#suspended = false;
    signalTree(this.#tree, 'SIGCONT');
  }

  #watch(pipe: Readable | null): void {
    if (pipe === null) return;
    this.#openPipes += 1;
    pipe.on('error', () => {});
    pipe.once('close', () => {
      this.#openPipes -= 1;
      this.#settle();
    });
  }

  /** The main process is gone: that ends the task. What it left behind is ended too. */
  #afterExit(): void {
    const young = this.#system.monotonic() - this.#bornAt < youngMs;
    const left = young ? youngMembers(this.#tree) : members(this.#tree);
    if (left.length === 0 && process.platform === 'linux') this.#gone();
    else if (this.#stopping && this.#grace !== null) this.#awaitRest();
    else this.#killRest();
  }

  /** They were asked to go and have until the end of the grace. */
  #awaitRest(): void {
    this.#system.after(20, () => {
      if (this.#treeGone || this.#grace === null) return;
      if (members(this.#tree).length === 0) this.#gone();
      else this.#awaitRest();
    });
  }

  #killRest(): void {
    void killTree(this.#tree, this.#system).then((gone) => {
      if (this.#end !== null) this.#gone(gone);
      else if (!gone) this.#abandon();
    });
  }

  /** Not even the main process dies: the attempt is over all the same, and says so. */
  #abandon(): void {
    this.#end = { exitCode: null, signal: null };
    for (const pipe of [this.#child.stdout, this.#child.stderr]) pipe?.destroy();
    this.#gone(false);
  }

  #gone(allGone = true): void {
    if (this.#treeGone) return;
    this.#treeGone = true;
    this.#survivors = !allGone;
    this.#grace?.cancel();
    this.#grace = null;
    this.#settle();
  }

  #settle(): void {
    if (this.#done || this.#end === null || !this.#treeGone) return;
    if (this.#openPipes > 0) {
      this.#armDrain();
      return;
    }
    this.#done = true;
    this.#drain?.cancel();
    this.#events.ended({ ...this.#end, survivors: this.#survivors });
  }

  /** Somebody who hid from us may hold the pipe open: while it flows and brings nothing, we do not wait for ever. */
  #armDrain(): void {
    const pipes = [this.#child.stdout, this.#child.stderr];
    this.#drain ??= this.#system.after(limits.drainMs, () => {
      this.#drain = null;
      for (const pipe of pipes) if (pipe !== null && !pipe.isPaused()) pipe.destroy();
      this.#settle();
    });
  }
}

export type Started =
  | { readonly process: OwnedProcess }
  /** It could not be started: what went wrong, for people. `busy`: this machine lacks something just now. */
  | { readonly failed: string }
  | { readonly busy: string };

const shortages = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM', 'ENOSPC', 'EDQUOT', 'EROFS']);

/** Out of processes, files, memory or disk. */
export function isShortage(error: unknown): boolean {
  return shortages.has((error as NodeJS.ErrnoException | null)?.code ?? '');
}

export async function startProcess(command: Command, system: System, events: ProcessEvents): Promise<Started> {
  const files: number[] = [];
  try {
    const stdio = [command.stdout, command.stderr].map((sink) => openSink(sink, command.cwd, files));
    const [program = '', ...rest] = command.argv;
    const child = spawn(program, rest, {
      cwd: command.cwd,
      env: command.env,
      detached: true,
      windowsHide: true,
      stdio: ['ignore', ...stdio],
    });
    const { pid } = child;
    if (pid === undefined) return refused(await failure(child), command);
    return { process: new OwnedProcess(child, pid, command.marker, system, events) };
  } catch (error) {
    return refused(error as NodeJS.ErrnoException, command);
  } finally {
    for (const file of files) closeSync(file);
  }
}

function openSink(sink: Sink, cwd: string, files: number[]): 'pipe' | 'ignore' | number {
  if (sink === 'capture') return 'pipe';
  if (sink === 'discard') return 'ignore';
  const path = resolve(cwd, sink.file);
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, 'w');
  files.push(file);
  return file;
}

function failure(child: ChildProcess): Promise<NodeJS.ErrnoException> {
  return new Promise((resolve) => {
    child.once('error', resolve);
  });
}

function refused(error: NodeJS.ErrnoException, command: Command): Started {
  const text = explain(error, command);
  return isShortage(error) ? { busy: text } : { failed: text };
}

/** Where a program was looked for: a name with a slash in it is a path, and the PATH has no part in it. */
function searched(argv: readonly string[], env: Command['env'], cwd: string): string {
  return argv[0]?.includes('/') ? `the working directory is ${JSON.stringify(cwd)}` : `PATH is ${env.PATH ?? ''}`;
}

function explain(error: NodeJS.ErrnoException, { argv, env, cwd }: Command): string {
  const program = JSON.stringify((argv[0] ?? '').slice(0, 200));
  switch (error.code) {
    case 'ENOENT':
      if (!existsSync(cwd)) return `the working directory ${JSON.stringify(cwd)} is gone`;
      if (error.syscall?.startsWith('spawn'))
        return `there is no program ${program} on this worker (${searched(argv, env, cwd)})`;
      return `cannot start ${program}: ${error.message}`;
    case 'EACCES':
      return `${program} may not be executed by this worker (no permission; ${searched(argv, env, cwd)})`;
    case 'E2BIG':
      return `the arguments and the environment of ${program} are too long for this system`;
    default:
      return `cannot start ${program}: ${error.message}`;
  }
}
