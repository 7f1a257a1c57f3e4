import type { Client } from '@switchyard/sdk/client/client.ts';
import type { JobDetail } from '@switchyard/sdk/job-detail.ts';
import type { Command } from 'commander';
import { action, type Context } from '../kit/action.ts';
import { type ConnectionOptions, withConnection } from '../kit/connection.ts';
import { exitCodes } from '../kit/exit-codes.ts';
import { frameBar } from '../kit/frame-bar.ts';
import { withExamples } from '../kit/help.ts';
import { withJson } from '../kit/options.ts';
import { print, printJson, say } from '../kit/output.ts';
import { jobBar } from '../kit/progress.ts';
import { type RenderOptions, type RenderRequest, renderRequest, withRenderOptions } from '../kit/render-request.ts';
import { countsText } from '../kit/states.ts';
import { submitOnce } from '../kit/submit.ts';
import { tellFailures } from '../kit/tell-failures.ts';
import { watchJob } from '../kit/watch-job.ts';
import { withCancel } from '../kit/watched-job.ts';

type Options = ConnectionOptions &
  RenderOptions & { readonly json?: boolean; readonly detach?: boolean; readonly quiet?: boolean };

export function define(command: Command): void {
  withJson(withRenderOptions(withConnection(command)), 'the job as one JSON document, when it has ended (or is submitted)')
    .argument('<file.blend>', 'as the workers see it; a relative path is taken from here')
    .option('-d, --detach', 'do not wait: print the id of the job')
    .option('-q, --quiet', 'no progress')
    .action(action(render));
  withExamples(
    command,
    [
      ['switchyard render shot.blend --frames 1-240', 'into the folder shot beside it'],
      ['switchyard render shot.blend --frames 1-240 --chunk 8 --output /render/shot --video --fps 25', 'and a video of it'],
      ['switchyard render shot.blend --frames 1,5,10-20 --format OPEN_EXR -d', 'in the background'],
      ['switchyard render shot.blend --frames 1-10 --samples 512 --sample-cap 64', 'coarse first, then better (Cycles)'],
      ['switchyard render edit.blend --frames 1-5000 --chunk 250 --video-only --audio', 'nothing but the video'],
    ],
    `Workers need the file and the folder of the frames under the same path, or under a two-way variable (switchyard
variables). Ctrl-C cancels the job, a second Ctrl-C leaves at once. The exit code is 1 if it did not succeed.`,
  );
}

async function render(context: Context, options: Options, file: string): Promise<number> {
  const { client } = context;
  const wanted = renderRequest(file, options, { cwd: process.cwd(), now: Date.now(), platform: process.platform });
  if (wanted.warning !== null && options.quiet !== true) say(`switchyard: ${wanted.warning}`);
  if (options.detach === true) {
    const job = await submitOnce(client, wanted.request);
    if (options.json === true) printJson(job);
    else print(String(job.id));
    return 0;
  }
  return follow(client, options, wanted);
}

async function follow(client: Client, options: Options, wanted: RenderRequest): Promise<number> {
  return withCancel(
    client,
    () => submitOnce(client, wanted.request),
    async (job, interrupted) => {
      if (options.quiet !== true) {
        say(`switchyard: job ${job.id}, ${counted(wanted.frames, 'frame')} in ${counted(job.total, 'task')}`);
        await warnOfAbsence(client, wanted, options.video === true || options.videoOnly === true);
      }
      const ended = await watched(client, job.id, options, wanted, interrupted.leave);
      return interrupted.code() ?? (await told(client, ended, options, wanted));
    },
  );
}

/** A job may wait for a worker that is still to come; that there is none now is worth a word. */
async function warnOfAbsence(client: Client, { request }: RenderRequest, video: boolean): Promise<void> {
  // Not everybody may see the workers: then nothing is said.
  const workers = await client.workers.list().catch(() => null);
  if (workers === null) return;
  const needed = ['blender-render', 'file-management', ...(video ? ['video-encoding'] : [])];
  if (request.kind === 'blender-render-progressive') needed.push('exr-merge');
  const offered = new Set(workers.filter(({ status }) => status === 'online').flatMap(({ kinds }) => kinds));
  const missing = needed.filter((kind) => !offered.has(kind));
  if (missing.length > 0) say(`switchyard: no worker is there for ${missing.join(' and ')} just now; the job waits for one`);
}

async function watched(client: Client, id: number, options: Options, wanted: RenderRequest, signal: AbortSignal) {
  if (options.quiet === true) return watchJob(client, id, () => {}, signal);
  if (wanted.request.kind !== 'blender-render') {
    const bar = jobBar();
    return watchJob(client, id, (now) => bar?.show(now), signal).finally(() => bar?.stop());
  }
  const bar = frameBar(wanted.frames, wanted.chunk);
  if (bar === null) return watchJob(client, id, () => {}, signal);
  return watchJob(client, id, bar.job, signal, bar.progress).finally(bar.stop);
}

async function told(client: Client, job: JobDetail, options: Options, { folder }: RenderRequest): Promise<number> {
  if (options.json === true) printJson(job);
  if (job.state === 'succeeded') {
    if (options.quiet !== true) say(`switchyard: job ${job.id} succeeded; its files are in ${folder}`);
    return 0;
  }
  if (options.quiet !== true) {
    say(`switchyard: job ${job.id} ${job.state}: ${countsText(job.counts)}`);
    await tellFailures(client, job.id);
  }
  return exitCodes.failed.code;
}

const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
