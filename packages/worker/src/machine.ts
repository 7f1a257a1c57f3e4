import { arch, availableParallelism, cpus, hostname, release, totalmem, type } from 'node:os';
import type { WireAmounts } from '@switchyard/sdk/worker-wire.ts';

const bytesPerMb = 1_048_576;

/** All of this machine: a slot for each core. */
export function defaultAmounts(): WireAmounts {
  const cores = availableParallelism();
  return { slots: cores, cpus: cores, ramMb: Math.floor(totalmem() / bytesPerMb), named: {} };
}

/** For people who look at the list of workers. */
export function describeMachine(work: string): Record<string, unknown> {
  return {
    host: hostname(),
    platform: process.platform,
    system: `${type()} ${release()}`,
    arch: arch(),
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    ramMb: Math.floor(totalmem() / bytesPerMb),
    node: process.version,
    pid: process.pid,
    folder: work,
  };
}

/** The worker's own share of the graphics processors (CUDA_VISIBLE_DEVICES), where it was given one; else the first ones. */
export function gpuNames(count: number, visible: string | undefined): string[] {
  const named = (visible ?? '').split(',').filter((name) => name !== '');
  return Array.from({ length: count }, (_, index) => named[index] ?? String(index));
}
