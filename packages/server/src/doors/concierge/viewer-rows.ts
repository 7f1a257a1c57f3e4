import type { StaticFiles } from '../../ports/static-files.ts';
import { fileAnswer } from '../kit/file-answer.ts';
import type { Answer, HttpRow, RowRequest } from '../kit/http-row.ts';
import { segmentFits } from './files/file-path.ts';
import { fileType } from './files/file-types.ts';

/**
 * The viewer's folder (concierge §1), on the door's own port only: its pages run there, and must be of another origin than
 * ours. Open to everybody, as pages are that somebody has to load before there is a client.
 */
export function viewerRows(files: StaticFiles): HttpRow[] {
  const shared = { method: 'GET', right: null, parser: 'none', bodyLimit: 0, cors: null, tags: ['concierge'] } as const;
  const handle = (request: RowRequest): Promise<Answer> => show(files, request);
  return [
    { ...shared, path: '/babylonjs', summary: 'Leads to the viewer.', handle },
    { ...shared, path: '/babylonjs/*', summary: 'A file of the viewer.', handle },
  ];
}

const notFound: Answer = { status: 404, body: 'There is no such file\n' };
const index = 'index.html';
/** A file that is replaced between being found and being read is looked for again. */
const tries = 3;

async function show(files: StaticFiles, request: RowRequest): Promise<Answer> {
  for (let i = 0; i < tries; i++) {
    const answer = await lookUp(files, request);
    if (answer !== null) return answer;
  }
  return notFound;
}

async function lookUp(files: StaticFiles, request: RowRequest): Promise<Answer | null> {
  const asked = readAddress(request.url);
  if (asked === null) return notFound;
  const { names, folder } = asked;
  const found = await files.find(names);
  if (found === 'folder') {
    const page = await files.find([...names, index]);
    if (page === null || page === 'folder') return notFound;
    return folder ? send(page, index, request) : toFolder(request.url, names);
  }
  return found === null || folder ? notFound : send(found, names.at(-1) ?? '', request);
}

/** Read again each time, but not sent again where it is the same: a new viewer shows at once. */
const always = { 'cache-control': 'no-cache' };

function send(file: Parameters<typeof fileAnswer>[0], name: string, request: RowRequest): Promise<Answer | null> {
  return fileAnswer(file, request, { always, sent: { 'content-type': fileType(name) } });
}

/** Else the page's own links would lead past it. Relative, for there may be a proxy in front. */
function toFolder(url: string, names: readonly string[]): Answer {
  const query = url.includes('?') ? url.slice(url.indexOf('?')) : '';
  return { status: 301, headers: { location: `./${encodeURIComponent(names.at(-1) ?? 'babylonjs')}/${query}` } };
}

/** Split before it is decoded, and decoded once: an encoded slash is no separator. Null: no file can be called so. */
function readAddress(url: string): { names: readonly string[]; folder: boolean } | null {
  const [, , ...raw] = (url.split('?', 1)[0] ?? '').split('/');
  const folder = raw.at(-1) === '';
  try {
    const names = (folder ? raw.slice(0, -1) : raw).map(decodeURIComponent);
    return names.every(segmentFits) ? { names, folder } : null;
  } catch {
    return null;
  }
}
