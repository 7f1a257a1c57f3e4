import { buffer } from 'node:stream/consumers';
import { type GcodeThumbnail, gcodeEnds, readGcodeFacts } from '@switchyard/sdk/gcode.ts';
import { system } from '../domain/principal.ts';
import type { Engine } from '../engine/engine.ts';
import { printKind } from '../kinds/print.ts';

/** Prints that wait for their pictures; beyond that they go without. */
const mostWaiting = 200;

/**
 * The picture that a slicer put into its file becomes the picture of the job, decoded and encoded anew like every other. One
 * after the other, beside everything else.
 */
export function showPrintPictures(
  engine: Pick<Engine, 'feed' | 'query' | 'files' | 'images'>,
  failed: (cause: unknown) => void,
): { close(): Promise<void> } {
  let turn: Promise<void> = Promise.resolve();
  let waiting = 0;
  let closed = false;

  async function show(job: number): Promise<void> {
    if (closed) return;
    const [row, spec] = await Promise.all([engine.query.job(system, job), engine.query.spec(system, job)]);
    if (row.refusal !== undefined || spec.refusal !== undefined) return;
    const { blob } = JSON.parse(spec.value) as { blob: string };
    const read = await engine.files.read(system, blob, { start: 0, end: gcodeEnds.head - 1 });
    if (read.refusal !== undefined) return;
    const head = await buffer(read.value.stream);
    const picture = largest(readGcodeFacts(head, head).thumbnails);
    if (picture === null) return;
    const bytes = Buffer.from(picture.base64, 'base64');
    // What cannot be read as a picture is none.
    await engine.images.put(system, row.value.firstTask, {
      bytes: (async function* () {
        yield bytes;
      })(),
      name: 'thumbnail',
    });
  }

  const stop = engine.feed.subscribe({ kinds: ['job.created'] }, (changes) => {
    for (const { job, json } of changes) {
      if (job === null || waiting >= mostWaiting || !json.includes(`"${printKind}"`)) continue;
      if ((JSON.parse(json) as { kind: string }).kind !== printKind) continue;
      waiting += 1;
      turn = turn
        .then(() => show(job))
        .catch(failed)
        .finally(() => {
          waiting -= 1;
        });
    }
  });
  return {
    async close() {
      closed = true;
      stop();
      await turn;
    },
  };
}

/** Of those that are decoded here. */
function largest(thumbnails: readonly GcodeThumbnail[]): GcodeThumbnail | null {
  const known = thumbnails.filter(({ format }) => format !== 'qoi');
  return known.toSorted((a, b) => b.width * b.height - a.width * a.height)[0] ?? null;
}
