import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { type Refusal, type Result, refuse } from '../../../domain/errors.ts';
import type { ClientFile, ClientFiles, ClientFileWritten } from '../../../ports/client-files.ts';
import { attachment } from '../../kit/disposition.ts';
import { fileAnswer } from '../../kit/file-answer.ts';
import type { Answer, CorsRule, HttpRow, RowRequest } from '../../kit/http-row.ts';
import { kitLimits } from '../../kit/limits.ts';
import { isMultipart, MalformedMultipart, multipartParts } from '../../kit/multipart.ts';
import { discardRest } from '../../kit/read-body.ts';
import type { Desk } from '../desk.ts';
import { type FilePath, readFilePath, segmentFits } from './file-path.ts';
import { fileType } from './file-types.ts';

export interface FileRowsDeps {
  readonly desk: Desk;
  readonly files: ClientFiles;
  readonly refused: (refusal: Refusal) => Answer;
}

const cors: CorsRule = {
  origins: 'any',
  named: true,
  headers: 'asked',
  preflight: { status: 200, bare: 400 },
  exposed: ['etag', 'content-range', 'content-disposition'],
};

/** Around the files in a multipart body. */
const wrappingBytes = 1_048_576;

/** Where a request may write: the folder of the client whose key it has. */
interface Place {
  readonly folder: string;
  readonly path: FilePath;
}

/** `/fs` (concierge §5). Any key reads everything; a client writes in its own folder only. */
export function fileRows(deps: FileRowsDeps): HttpRow[] {
  const { limits } = deps.desk;
  const shared = { path: '/fs/:client/*', cors, tags: ['concierge'], right: 'hub:use', target: readable(deps) } as const;
  const writing = { ...shared, right: 'file:write', target: writable } as const;
  const body = { parser: 'stream', bodyLimit: limits.clientFileBytes + wrappingBytes } as const;
  return [
    { ...shared, method: 'GET', summary: 'A file.', parser: 'none', bodyLimit: 0, handle: (request) => send(deps, request) },
    {
      ...writing,
      ...body,
      method: 'POST',
      summary: 'Leaves a file (multipart or as it is), or several in a folder.',
      handle: (request) => receive(deps, request),
    },
    { ...writing, ...body, method: 'PUT', summary: 'Leaves a file.', handle: (request) => receiveRaw(deps, request) },
    {
      ...writing,
      method: 'DELETE',
      summary: 'Removes a file.',
      parser: 'none',
      bodyLimit: 0,
      handle: async ({ target }) => {
        const { folder, path } = target as Place;
        const removed = await deps.files.remove(folder, path.segments.join('/'));
        return removed ? { status: 200 } : deps.refused(notFound.refusal);
      },
    },
  ];
}

const notFound = refuse('not_found', 'There is no such file');

const readable =
  ({ desk, files }: FileRowsDeps) =>
  ({ url }: RowRequest): Result<ClientFile> => {
    const path = readFilePath(url);
    if (path.refusal !== undefined) return path;
    const owner = desk.hub.named(path.value.client);
    const file = owner === undefined ? null : files.find(owner.client.uuid, path.value.segments.join('/'));
    return file === null ? notFound : { value: file };
  };

function writable({ url, by }: RowRequest): Result<Place> {
  const path = readFilePath(url);
  if (path.refusal !== undefined) return path;
  if (path.value.client !== by.name) return refuse('forbidden', 'This folder is another client\u2019s');
  return { value: { folder: by.id, path: path.value } };
}

async function send({ refused }: FileRowsDeps, request: RowRequest): Promise<Answer> {
  const name = decodeURIComponent(request.url.split('?', 1)[0]?.split('/').at(-1) ?? 'file');
  const answer = await fileAnswer(request.target as ClientFile, request, {
    always: { vary: 'Origin' },
    sent: {
      'content-type': fileType(name),
      'content-disposition': attachment(name),
      'content-security-policy': "sandbox; default-src 'none'",
    },
  });
  return answer ?? refused(notFound.refusal);
}

function receive(deps: FileRowsDeps, request: RowRequest): Promise<Answer> {
  const { path } = request.target as Place;
  const type = request.headers['content-type'];
  const many = path.segments.length === 0;
  if (isMultipart(type)) return receiveParts(deps, request, type ?? '', many ? eachPart : onePart);
  if (!many) return receiveRaw(deps, request);
  return ended(deps, request, refuse('malformed', 'Several files must come as multipart/form-data').refusal);
}

function receiveRaw(deps: FileRowsDeps, request: RowRequest): Promise<Answer> {
  const { folder, path } = request.target as Place;
  if (path.segments.length === 0) return ended(deps, request, notFound.refusal);
  return stored(deps, request, () => deps.files.write(folder, path.segments.join('/'), request.stream ?? nothing()));
}

type Parts = AsyncGenerator<{ filename: string | null; bytes: Readable }, void>;
type Receive = (deps: FileRowsDeps, place: Place, parts: Parts) => Promise<ClientFileWritten>;

function receiveParts(deps: FileRowsDeps, request: RowRequest, type: string, how: Receive): Promise<Answer> {
  const { stream, target } = request;
  return stored(deps, request, () => how(deps, target as Place, multipartParts(stream ?? nothing(), type)));
}

/** The first part's file name must repeat in later ones; then they are one file (concierge §5). */
async function onePart({ files }: FileRowsDeps, { folder, path }: Place, parts: Parts): Promise<ClientFileWritten> {
  async function* bytes(): AsyncGenerator<Uint8Array> {
    let first: string | null | undefined;
    for await (const part of parts) {
      if (first === undefined) first = part.filename;
      else if (first !== part.filename) throw new Stopped(412, 'The parts have different file names');
      yield* part.bytes as AsyncIterable<Uint8Array>;
    }
  }
  return files.write(folder, path.segments.join('/'), bytes());
}

async function eachPart({ files }: FileRowsDeps, { folder }: Place, parts: Parts): Promise<ClientFileWritten> {
  for await (const { filename, bytes } of parts) {
    if (filename === null) throw new Stopped(428, 'A part has no file name');
    if (!segmentFits(filename)) throw new Stopped(400, 'A file name is not possible');
    const written = await files.write(folder, filename, bytes);
    if ('refused' in written) return written;
  }
  return { size: 0 };
}

/** An upload that ends with a status of its own. */
class Stopped extends Error {
  readonly status: number;

  constructor(status: number, text: string) {
    super(text);
    this.status = status;
  }
}

const refusedAs = { too_large: 'too_large', quota: 'too_large', gone: 'unauthenticated', storage: 'storage' } as const;

async function stored(deps: FileRowsDeps, request: RowRequest, store: () => Promise<ClientFileWritten>): Promise<Answer> {
  try {
    const written = await store();
    if (!('refused' in written)) return { status: 201 };
    return await ended(deps, request, { code: refusedAs[written.refused], detail: written.detail });
  } catch (error) {
    if (error instanceof Stopped) return { ...(await ended(deps, request, asMalformed(error))), status: error.status };
    // The peer went away in mid-body, or what it sent is no such body: nothing was kept.
    if (error instanceof MalformedMultipart || request.signal.aborted || request.stream?.destroyed === true) {
      return ended(deps, request, asMalformed(error as Error));
    }
    throw error;
  }
}

const asMalformed = ({ message }: Error): Refusal => ({ code: 'malformed', detail: message });

/** The answer to an upload that is not taken; the rest of it is read and forgotten. */
async function ended({ desk, refused }: FileRowsDeps, { stream }: RowRequest, refusal: Refusal): Promise<Answer> {
  const most = { bytes: kitLimits.discardBytes, ms: kitLimits.goodByeMs };
  if (stream !== null) discardRest(stream as IncomingMessage, desk.clock, most);
  return refused(refusal);
}

function nothing(): never {
  throw new Stopped(400, 'There is no body');
}
