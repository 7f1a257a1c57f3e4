import type { Sharp } from 'sharp';
import type { ImageRefusal } from '../ports/images.ts';

export interface PictureLimits {
  readonly pixels: number;
  readonly seconds: number;
}

/** Why a picture was not taken; the message is for people. */
export class PictureRefused extends Error {
  readonly refused: ImageRefusal;

  constructor(refused: ImageRefusal, message: string) {
    super(message);
    this.refused = refused;
  }
}

const known: readonly string[] = ['png', 'jpeg', 'tiff', 'webp'];
const most = { width: 1_920, height: 1_080 } as const;
const quality = 85;

/** The same picture as a JPEG of ours. Decoding happens in the library's own threads. */
export async function encodePicture(bytes: Uint8Array, limits: PictureLimits): Promise<Uint8Array> {
  // Loaded with the first picture: the start of the server does not wait for it.
  const { default: sharp } = await import('sharp');
  sharp.cache(false);
  sharp.concurrency(1);
  const open = (): Sharp => sharp(bytes, { limitInputPixels: limits.pixels, sequentialRead: true, pages: 1 });
  const format = await formatOf(open);
  if (!known.includes(format)) throw unsupported(`${format} pictures are not shown; ${known.join(', ')} are`);
  try {
    return await open()
      .rotate()
      .resize({ ...most, fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#000000' })
      .jpeg({ quality })
      .timeout({ seconds: limits.seconds })
      .toBuffer();
  } catch (error) {
    throw refusalOf(error);
  }
}

async function formatOf(open: () => Sharp): Promise<string> {
  try {
    return (await open().metadata()).format;
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal.refused !== 'unsupported') throw refusal;
    throw unsupported(
      'This is no picture that the server can read (OpenEXR, for one, it cannot): it shows PNG, JPEG, TIFF and WebP',
    );
  }
}

const unsupported = (text: string): PictureRefused => new PictureRefused('unsupported', text);

function refusalOf(error: unknown): PictureRefused {
  const text = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);
  if (/pixel limit/i.test(text)) return new PictureRefused('too_large', 'The picture has too many pixels');
  if (/timeout/i.test(text)) return new PictureRefused('slow', 'The picture took too long to convert');
  return unsupported(`The picture is damaged: ${text}`);
}
