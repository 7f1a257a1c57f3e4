import type { Refusal } from '../../domain/errors.ts';
import type { KeptFile } from '../../engine/library.ts';
import { fileAnswer } from '../kit/file-answer.ts';
import type { Answer, HttpRow, RowRequest } from '../kit/http-row.ts';
import { isMultipart, MalformedMultipart, multipartParts, type Part } from '../kit/multipart.ts';
import { jsonText } from './agent-rows.ts';
import { errorAnswer, spelling } from './codes.ts';
import type { Desk } from './desk.ts';
import { fileDocument } from './documents.ts';
import { agentOf } from './gate.ts';
import { base, readUuid, rowOf } from './row.ts';
import type { Shop } from './shop.ts';

/** To an agent a file that it has no print of is none of its business (printerlynx §5.2). */
const notFound = ({ by }: RowRequest) =>
  agentOf(by) === null ? errorAnswer(404, 'No file found') : errorAnswer(401, 'Invalid token');
/** Around the file in a multipart body. */
const wrappingBytes = 1_048_576;

/** What agents may ask for too, with their own token (printerlynx §5.2). */
export const agentFileRows: ReadonlySet<string> = new Set([`${base}/files/:uuid`, `${base}/files/:uuid/download`]);

/** Print files under both names that clients know (printerlynx §2.2, §2.3). */
export function fileRows(deps: FileDeps): HttpRow[] {
  return [...rowsAt(deps, '/files', '/files/upload'), ...rowsAt(deps, '/printfiles', '/printfiles')];
}

export interface FileDeps extends Desk {
  readonly shop: Pick<Shop, 'fileFor'>;
}

function rowsAt(desk: FileDeps, path: string, upload: string): HttpRow[] {
  const { engine, limits } = desk;
  const one = `${path}/:uuid`;
  return [
    rowOf({
      method: 'GET',
      path,
      summary: 'The print files of the account that asks.',
      right: 'file:read',
      handle: ({ by }) => ({ status: 200, body: engine.library.list({ ...by, scope: 'own' }).map(fileDocument) }),
    }),
    rowOf({
      method: 'POST',
      path: upload,
      summary: 'Keeps a print file (multipart/form-data); each part is one, the last one is answered.',
      right: 'file:write',
      parser: 'stream',
      bodyLimit: limits.fileBytes + wrappingBytes,
      // Programs that upload read the answer when they have said everything: 413, never a reset (printerlynx §2).
      discard: { bytes: 268_435_456, ms: 60_000 },
      handle: (request) => receive(desk, request),
    }),
    rowOf({
      method: 'GET',
      path: one,
      summary: 'One print file.',
      right: 'file:read',
      handle: (request) => {
        const file = find(desk, request);
        return file === null ? notFound(request) : { status: 200, body: fileDocument(file) };
      },
    }),
    rowOf({
      method: 'GET',
      path: `${one}/download`,
      summary: 'The bytes of a print file.',
      right: 'file:read',
      handle: (request) => send(desk, request),
    }),
    rowOf({
      method: 'DELETE',
      path: one,
      summary: 'Removes a print file; prints that need it keep its bytes.',
      right: 'file:write',
      handle: async (request) => {
        const file = find(desk, request);
        if (file === null) return notFound(request);
        const removed = await engine.library.remove(request.by, file.id);
        return removed.refusal === undefined ? { status: 200, body: 'true', headers: jsonText } : notFound(request);
      },
    }),
  ];
}

/** Its own files only, whatever the role. An agent sees the file of a print that is not over, also one that was removed meanwhile. */
function find({ engine, shop }: FileDeps, { by, params }: RowRequest): KeptFile | null {
  const id = readUuid(params['uuid']);
  if (id === null) return null;
  const agent = agentOf(by);
  if (agent === null) return engine.library.find({ ...by, scope: 'own' }, id).value ?? null;
  const needed = shop.fileFor(agent.id, id);
  return needed === null ? null : { ...needed, id, owner: by.id, createdAt: 0 };
}

async function send(deps: FileDeps, request: RowRequest): Promise<Answer> {
  const file = find(deps, request);
  if (file === null) return notFound(request);
  const { blob, size, createdAt } = file;
  const read = async (range: { start: number; end: number }) =>
    (await deps.engine.files.read(request.by, blob, range)).value?.stream ?? null;
  const headers = { 'x-content-type-options': 'nosniff', 'content-security-policy': "sandbox; default-src 'none'" };
  const answer = await fileAnswer({ size, modifiedAt: createdAt, version: blob, read }, request, {
    always: headers,
    sent: { 'content-type': 'application/octet-stream' },
  });
  return answer ?? notFound(request);
}

async function receive(desk: FileDeps, request: RowRequest): Promise<Answer> {
  const { stream, headers, by } = request;
  const type = headers['content-type'];
  if (stream === null || !isMultipart(type)) return errorAnswer(415, 'Expected a body of type multipart/form-data');
  const kept: KeptFile[] = [];
  const refused = await keepParts(desk, request, multipartParts(stream, type ?? ''), kept);
  const last = kept.at(-1);
  if (refused === null && last !== undefined) return { status: 200, body: fileDocument(last) };
  // All of them or none.
  for (const { id } of kept) await desk.engine.library.remove(by, id);
  return refused ?? errorAnswer(500, 'Something went wrong, please try again');
}

/** Null: all were kept. */
async function keepParts(
  { engine, limits }: FileDeps,
  request: RowRequest,
  parts: AsyncIterable<Part>,
  kept: KeptFile[],
): Promise<Answer | null> {
  try {
    for await (const { filename, bytes } of parts) {
      if (filename === null) return errorAnswer(400, 'Every part must be a file with a name');
      const one = await engine.library.keep(request.by, filename, bytes, limits.fileBytes);
      if (one.refusal !== undefined) return refusedUpload(one.refusal, request);
      kept.push(one.value);
    }
    return null;
  } catch (error) {
    if (error instanceof MalformedMultipart) return errorAnswer(400, error.message);
    throw error;
  }
}

const refusedUpload = (refusal: Refusal, { url }: RowRequest): Answer => spelling.refusal(refusal, { path: url });
