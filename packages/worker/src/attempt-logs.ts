import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { LogSpool } from './log-spool.ts';
import { LogStream } from './log-stream.ts';
import type { System } from './system.ts';

export interface Lengths {
  readonly out: number;
  readonly err: number;
  readonly log: number;
}

export interface AttemptLogsOptions {
  readonly task: number;
  readonly attempt: number;
  readonly system: System;
  readonly spoolFolder: string;
  readonly spoolBytes: number;
  readonly online: boolean;
  readonly send: (frame: Uint8Array) => void;
  readonly allSent: () => void;
}

/** What an attempt writes, on its way to the server. */
export class AttemptLogs {
  readonly out: LogStream;
  readonly err: LogStream;
  /** What the worker itself has to say of the attempt. */
  readonly log: LogStream;

  constructor(options: AttemptLogsOptions) {
    const { task, attempt, system, send, online } = options;
    const allSent = () => {
      if (this.sent) options.allSent();
    };
    const stream = (name: 'out' | 'err' | 'log') => {
      const path = join(options.spoolFolder, `${task}.${attempt}.${name}`);
      const spool = () => new LogSpool(path, options.spoolBytes);
      return new LogStream({ task, attempt, stream: name }, { system, spool, send, allSent }, online);
    };
    this.out = stream('out');
    this.err = stream('err');
    this.log = stream('log');
  }

  get sent(): boolean {
    return this.out.sent && this.err.sent && this.log.sent;
  }

  get paused(): boolean {
    return this.out.paused || this.err.paused;
  }

  get lengths(): Lengths {
    return { out: this.out.produced, err: this.err.produced, log: this.log.produced };
  }

  /** `see` looks at what passes. */
  attach(name: 'out' | 'err', pipe: Readable | null, see: (piece: Uint8Array) => void): void {
    if (pipe === null) return;
    const stream = this[name];
    stream.attach(pipe);
    pipe.on('data', (piece: Uint8Array) => {
      stream.write(piece);
      see(piece);
    });
    if (stream.paused) pipe.pause();
  }

  flush(): void {
    this.out.flush();
    this.err.flush();
    this.log.flush();
  }

  online(committed: Lengths): void {
    this.out.online(committed.out);
    this.err.online(committed.err);
    this.log.online(committed.log);
  }

  offline(): void {
    this.out.offline();
    this.err.offline();
    this.log.offline();
  }

  committed(stream: 'out' | 'err' | 'log', length: number): void {
    this[stream].committed(length);
  }

  leave(): void {
    this.out.leave();
    this.err.leave();
    this.log.leave();
  }

  close(): void {
    this.out.close();
    this.err.close();
    this.log.close();
  }
}
