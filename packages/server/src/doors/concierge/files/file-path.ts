import { type Result, refuse } from '../../../domain/errors.ts';

/** What an address below `/fs` names. */
export interface FilePath {
  readonly client: string;
  /** Empty: the folder itself (many files at once). */
  readonly segments: readonly string[];
}

const segmentBytes = 255;
const mostSegments = 32;

/** Takes the address as it came, so that an encoded slash is no separator; each segment is decoded once and then looked at. */
export function readFilePath(url: string): Result<FilePath> {
  const [path = ''] = url.split('?', 1);
  const [, , client = '', ...rest] = path.replace(/^\/+/, '/').split('/');
  const name = decoded(client);
  const segments = rest.length === 1 && rest[0] === '' ? [] : rest.map(decoded);
  if (name === null || rest.length === 0 || rest.length > mostSegments) return nothing;
  const fine = segments.filter((segment): segment is string => segment !== null && segmentFits(segment));
  return fine.length === segments.length ? { value: { client: name, segments: fine } } : nothing;
}

const nothing = refuse('not_found', 'There is no such file');

/** One name of a file or folder (concierge §5). */
export function segmentFits(segment: string): boolean {
  if (segment === '' || segment === '.' || segment === '..') return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  return !/[/\\\u0000-\u001f\u007f]/.test(segment) && segment.isWellFormed() && Buffer.byteLength(segment) <= segmentBytes;
}

function decoded(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}
