import { Readable } from 'node:stream';
import { ImageList } from '@switchyard/sdk/image.ts';
import { closed, Id } from '@switchyard/sdk/names.ts';
import Type from 'typebox';
import { refuse } from '../../../domain/errors.ts';
import type { LatestImage } from '../../../engine/images.ts';
import { fileAnswer, type SentFile } from '../../kit/file-answer.ts';
import type { HttpRow } from '../../kit/http-row.ts';
import { done, ok, refused, rowDefiner } from '../api-row.ts';
import type { ApiContext } from '../context.ts';
import { IdParam } from '../schemas.ts';
import { timeOf } from '../views/time.ts';

/** Larger ones are refused before they are read; what a frame of a film weighs is far below. */
const sourceBytes = 256 * 1_048_576;

/** The newest picture of a job: its own rendering of what a worker sent, never the bytes that it sent. */
export function imageRows(context: ApiContext): HttpRow[] {
  const { engine } = context;
  const row = rowDefiner(context);
  return [
    row({
      method: 'GET',
      path: '/v1/images',
      summary: 'Whether a job has a picture, and since when; without a job: the one that got its picture last.',
      right: 'job:read',
      tags: ['jobs', 'files'],
      query: Type.Object({ job: Type.Optional(Id) }, closed),
      answers: { 200: ImageList },
      handle: async ({ by, query }) => {
        const { value } = await (query.job === undefined ? engine.images.newest(by) : engine.images.of(by, query.job));
        if (value === undefined) return ok({ images: [] });
        return ok({ images: [{ job: value.job, at: timeOf(value.modifiedAt), version: value.version }] });
      },
    }),
    row({
      method: 'GET',
      path: '/v1/jobs/:id/image',
      summary: 'The newest picture that the job made, as a JPEG of at most 1920 by 1080.',
      right: 'job:read',
      tags: ['jobs', 'files'],
      params: IdParam,
      answers: { 200: null, 206: null, 304: null, 412: null, 416: null },
      handle: async (request) => {
        const found = await engine.images.of(request.by, request.params.id);
        if (found.refusal !== undefined) return refused(found.refusal);
        return (
          (await fileAnswer(sent(found.value), request, headers)) ?? refused(refuse('not_found', 'It went meanwhile').refusal)
        );
      },
    }),
    row({
      method: 'PUT',
      path: '/v1/tasks/:id/image',
      summary: 'Shows a picture (PNG, JPEG, TIFF, WebP) as the newest of the job of this task.',
      right: 'worker:run',
      tags: ['tasks', 'files'],
      params: IdParam,
      parser: 'stream',
      bodyLimit: sourceBytes,
      answers: { 204: null },
      handle: async ({ by, params, stream }) => {
        if (stream === null) return refused(refuse('malformed', 'There is no body').refusal);
        const source = { bytes: stream as AsyncIterable<Uint8Array>, name: `task-${params.id}` };
        const put = await engine.images.put(by, params.id, source);
        return put.refusal === undefined ? done : refused(put.refusal);
      },
    }),
  ];
}

const headers = {
  always: { 'cache-control': 'no-cache' },
  sent: { 'content-type': 'image/jpeg', 'content-security-policy': "sandbox; default-src 'none'" },
};

function sent({ bytes, modifiedAt, version }: LatestImage): SentFile {
  const read = async ({ start, end }: { start: number; end: number }): Promise<Readable> =>
    Readable.from([Buffer.from(bytes.subarray(start, end + 1))]);
  return { size: bytes.length, modifiedAt, version, read };
}
