import { Sha256 } from '@switchyard/sdk/names.ts';
import { ArtifactList, BlobView } from '@switchyard/sdk/system.ts';
import Type from 'typebox';
import { refuse } from '../../../domain/errors.ts';
import { attachment } from '../../kit/disposition.ts';
import type { Answer, HttpRow, RowRequest } from '../../kit/http-row.ts';
import { byteRange, contentRange, noRange } from '../../kit/range.ts';
import { ok, refused, rowDefiner } from '../api-row.ts';
import type { ApiContext } from '../context.ts';
import { IdParam } from '../schemas.ts';

export function fileRows(context: ApiContext): HttpRow[] {
  const { engine, limits } = context;
  const row = rowDefiner(context);
  return [
    row({
      method: 'GET',
      path: '/v1/tasks/:id/artifacts',
      summary: 'Files that the task left, of its latest attempt that left any.',
      right: 'file:read',
      tags: ['tasks', 'files'],
      params: IdParam,
      answers: { 200: ArtifactList },
      handle: async ({ by, params }) => {
        const artifacts = await engine.query.artifacts(by, params.id);
        return artifacts.refusal === undefined ? ok({ artifacts: artifacts.value }) : refused(artifacts.refusal);
      },
    }),
    row({
      method: 'GET',
      path: '/v1/tasks/:id/artifacts/*',
      summary: 'One of these files.',
      right: 'file:read',
      tags: ['tasks', 'files'],
      params: Type.Object({ id: IdParam.properties.id, '*': Type.String() }),
      reads: { range: 'One range of bytes.' },
      answers: { 200: null, 206: null, 416: null },
      handle: async (request) => {
        const { by, params } = request;
        const artifacts = await engine.query.artifacts(by, params.id);
        if (artifacts.refusal !== undefined) return refused(artifacts.refusal);
        const artifact = artifacts.value.find(({ path }) => path === params['*']);
        if (artifact === undefined) return refused(refuse('not_found', `Task ${params.id} has no file ${params['*']}`).refusal);
        return sendBlob(context, request, artifact.blob, artifact.path.split('/').at(-1) ?? 'file');
      },
    }),
    row({
      method: 'POST',
      path: '/v1/blobs',
      summary: 'Stores the body under its SHA-256.',
      right: 'file:write',
      tags: ['files'],
      parser: 'stream',
      bodyLimit: limits.blobBytes,
      answers: { 201: BlobView },
      handle: async ({ by, stream }) => {
        if (stream === null) return refused(refuse('malformed', 'There is no body').refusal);
        const written = await engine.files.write(by, stream as AsyncIterable<Uint8Array>, limits.blobBytes);
        if (written.refusal !== undefined) return refused(written.refusal);
        const { blob, size } = written.value as { blob: string; size: number };
        return { status: 201, headers: { location: `/v1/blobs/${blob}` }, body: { blob, size } };
      },
    }),
    row({
      method: 'GET',
      path: '/v1/blobs/:sha',
      summary: 'The bytes of this SHA-256.',
      right: 'file:read',
      tags: ['files'],
      params: Type.Object({ sha: Sha256 }),
      reads: { range: 'One range of bytes.' },
      answers: { 200: null, 206: null, 416: null },
      handle: (request) => sendBlob(context, request, request.params.sha, `${request.params.sha}.bin`),
    }),
  ];
}

/** Bytes of others: always a download, never a page of ours. */
export async function sendBlob(
  { engine }: ApiContext,
  { by, headers: asked, head }: Pick<RowRequest, 'by' | 'headers' | 'head'>,
  blob: string,
  name: string,
): Promise<Answer> {
  // The size is known only with the blob in hand: asked for its first byte, which costs next to nothing.
  const probe = await engine.files.read(by, blob, { start: 0, end: 0 });
  if (probe.refusal !== undefined) return refused(probe.refusal);
  probe.value.stream.destroy();
  const { size } = probe.value;
  const range = byteRange(asked.range, size);
  const headers = { ...safe, 'content-disposition': attachment(name), etag: `"${blob}"` };
  if (range === 'unsatisfiable') return { status: 416, headers: { ...headers, 'content-range': noRange(size) } };
  const sent = range ?? { start: 0, end: size - 1 };
  const length = String(sent.end - sent.start + 1);
  const part = range === null ? {} : { 'content-range': contentRange(range, size) };
  const status = range === null ? 200 : 206;
  if (head) return { status, headers: { ...headers, ...part, 'content-length': length } };
  const read = await engine.files.read(by, blob, range === null ? undefined : sent);
  if (read.refusal !== undefined) return refused(read.refusal);
  return { status, headers: { ...headers, ...part, 'content-length': length }, body: read.value.stream };
}

const safe = {
  'content-type': 'application/octet-stream',
  'content-security-policy': "sandbox; default-src 'none'",
  'accept-ranges': 'bytes',
  'cache-control': 'private, max-age=31536000, immutable',
};
