import type { Reason } from '../../domain/task.ts';

/** Return codes without a program's own code behind them. The first four are the real worker's (kueue §2.2), the last is ours. */
export const codes = {
  notStarted: -43,
  signal: -44,
  ioError: -45,
  killed: -46,
  workerLost: -47,
} as const;

/** What a failed job shows when its program left no exit code (DESIGN section 8). */
export const codeOfReason: Readonly<Record<Reason, number>> = {
  user: codes.killed,
  dependency: codes.workerLost,
  exit: codes.ioError,
  signal: codes.signal,
  start: codes.notStarted,
  error: codes.ioError,
  timeout: codes.killed,
  silence: codes.killed,
  deadline: codes.killed,
  'worker-lost': codes.workerLost,
  'no-candidate': codes.workerLost,
  drain: codes.killed,
  shutdown: codes.killed,
};

/** Why an attempt failed that a worker reports with this code. */
export function reasonOfCode(code: number): { reason: Reason; exitCode: number | null } {
  switch (code) {
    case codes.notStarted:
      return { reason: 'start', exitCode: null };
    case codes.signal:
    case codes.killed:
      return { reason: 'signal', exitCode: null };
    case codes.ioError:
      return { reason: 'error', exitCode: null };
    default:
      return { reason: 'exit', exitCode: code };
  }
}
