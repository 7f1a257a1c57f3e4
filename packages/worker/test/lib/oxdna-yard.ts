import { type OxdnaPayload, oxdnaFiles } from '@switchyard/sdk/oxdna.ts';
import type { WireTask } from '@switchyard/sdk/worker-wire.ts';
import type { WorkerOptions } from '../../src/start-worker.ts';
import { type StandIn, stageInput, standIn, strand } from './oxdna.ts';
import type { Peer, ScriptedServer, ServerScript } from './scripted-server.ts';
import type { Pair, Yard } from './yard.ts';

export interface OxdnaPair extends Pair {
  readonly engine: StandIn;
}

/** A worker with a stand-in that has these faults, and its server. */
export async function oxdnaPair(
  yard: Yard,
  faults: Readonly<Record<string, string | number>> = {},
  options: { script?: ServerScript; worker?: Partial<WorkerOptions>; before?: string } = {},
): Promise<OxdnaPair> {
  const engine = standIn(yard.folder, faults, options.before);
  const environment = { ...process.env, OXDNA_BIN: engine.file };
  const pair = await yard.pair(options.script, { environment, ...options.worker });
  return { ...pair, engine };
}

export interface StageOptions {
  readonly payload?: Partial<OxdnaPayload>;
  readonly keys?: Readonly<Record<string, string | number>>;
  /** Nucleotides, and the length of their bonds (0.75 is at rest). */
  readonly n?: number;
  readonly gap?: number;
  readonly top?: string;
  readonly dat?: string;
  readonly task?: Partial<WireTask>;
}

/** A stage of 100 steps that prints every 10, its inputs put into the server. */
export function stageTask(server: ScriptedServer, options: StageOptions = {}): Partial<WireTask> {
  const { payload, keys, n = 20, gap = 2, task } = options;
  const { top, dat, forces } = strand(n, gap);
  const texts = {
    [oxdnaFiles.topology]: options.top ?? top,
    [oxdnaFiles.start]: options.dat ?? dat,
    [oxdnaFiles.forces]: forces,
  };
  return {
    kind: 'oxdna',
    body: {
      payload: {
        stage: 0,
        input: stageInput(keys),
        steps: 100,
        printEvery: 10,
        autoExtend: false,
        maxExtensions: 0,
        createTrajectory: true,
        ...payload,
      },
      inputs: Object.entries(texts).map(([path, text]) => ({ path, blob: server.putBlob(text) })),
    },
    ...task,
  };
}

/** What the attempt left, by path. */
export async function filesOf(peer: Peer, server: ScriptedServer, task = 1): Promise<Record<string, string>> {
  const end = await peer.got('end', task);
  return Object.fromEntries((end.artifacts ?? []).map(({ path, blob }) => [path, server.blobs.get(blob)?.toString() ?? '']));
}

/** Rows of the series as numbers, without the header. */
export function seriesOf(peer: Peer, task = 1): number[][] {
  const lines = peer.output(task, 'log').split('\n');
  return lines.filter((line) => /^\d/.test(line)).map((line) => line.split(' ').map(Number));
}
