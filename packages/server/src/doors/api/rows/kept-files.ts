import { KeptFileList, KeptFileView } from '@switchyard/sdk/kept-file.ts';
import { closed } from '@switchyard/sdk/names.ts';
import Type from 'typebox';
import { refuse } from '../../../domain/errors.ts';
import type { KeptFile } from '../../../engine/library.ts';
import type { HttpRow } from '../../kit/http-row.ts';
import { done, ok, refused, rowDefiner, shown } from '../api-row.ts';
import type { ApiContext } from '../context.ts';
import { timeOf } from '../views/time.ts';
import { sendBlob } from './files.ts';

const FileParam = Type.Object({ id: Type.String({ pattern: '^[0-9a-f-]{36}$' }) });
const NameQuery = Type.Object({ name: Type.String({ minLength: 1, maxLength: 255 }) }, closed);

/** Files that people keep under a name: what is printed, mostly. */
export function keptFileRows(context: ApiContext): HttpRow[] {
  const { engine, limits } = context;
  const row = rowDefiner(context);
  return [
    row({
      method: 'POST',
      path: '/v1/files',
      summary: 'Keeps the body as a file of this name.',
      right: 'file:write',
      tags: ['files'],
      query: NameQuery,
      parser: 'stream',
      bodyLimit: limits.blobBytes,
      answers: { 201: KeptFileView },
      handle: async ({ by, query, stream }) => {
        if (stream === null) return refused(refuse('malformed', 'There is no body').refusal);
        const kept = await engine.library.keep(by, query.name, stream as AsyncIterable<Uint8Array>, limits.blobBytes);
        if (kept.refusal !== undefined) return refused(kept.refusal);
        return { status: 201, headers: { location: `/v1/files/${kept.value.id}` }, body: keptFileView(kept.value) };
      },
    }),
    row({
      method: 'GET',
      path: '/v1/files',
      summary: 'Kept files, newest first.',
      right: 'file:read',
      tags: ['files'],
      answers: { 200: KeptFileList },
      handle: ({ by }) => ok({ files: engine.library.list(by).map(keptFileView) }),
    }),
    row({
      method: 'GET',
      path: '/v1/files/:id',
      summary: 'One kept file.',
      right: 'file:read',
      tags: ['files'],
      params: FileParam,
      answers: { 200: KeptFileView },
      handle: ({ by, params }) => shown(engine.library.find(by, params.id), keptFileView),
    }),
    row({
      method: 'GET',
      path: '/v1/files/:id/content',
      summary: 'The bytes of a kept file.',
      right: 'file:read',
      tags: ['files'],
      params: FileParam,
      reads: { range: 'One range of bytes.' },
      answers: { 200: null, 206: null, 416: null },
      handle: async (request) => {
        const found = engine.library.find(request.by, request.params.id);
        if (found.refusal !== undefined) return refused(found.refusal);
        return sendBlob(context, request, found.value.blob, found.value.name);
      },
    }),
    row({
      method: 'DELETE',
      path: '/v1/files/:id',
      summary: 'Removes a kept file; jobs that need its bytes keep them.',
      right: 'file:write',
      tags: ['files'],
      params: FileParam,
      answers: { 204: null },
      handle: async ({ by, params }) => {
        const removed = await engine.library.remove(by, params.id);
        return removed.refusal === undefined ? done : refused(removed.refusal);
      },
    }),
  ];
}

const keptFileView = ({ createdAt, ...file }: KeptFile): KeptFileView => ({ ...file, createdAt: timeOf(createdAt) });
