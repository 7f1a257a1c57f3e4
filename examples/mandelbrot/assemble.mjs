// All strips into one picture: node assemble.mjs TILES WIDTH HEIGHT, reads tile-0.bin …, writes mandelbrot.png.
// A PNG with a palette needs only four kinds of chunks and zlib, which Node has.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { crc32, deflateSync } from 'node:zlib';

const [tiles, width, height] = process.argv.slice(2).map(Number);

const pixels = Buffer.concat(Array.from({ length: tiles }, (_, index) => readFileSync(`tile-${index}.bin`)));
if (pixels.length !== width * height) throw new Error(`the tiles have ${pixels.length} pixels, not ${width * height}`);

/** A wave between 0 and 255, from whole numbers only. */
function wave(i, offset) {
  const at = (i * 4 + offset) % 510;
  return at < 256 ? at : 510 - at;
}

const palette = Buffer.alloc(768);
for (let i = 1; i < 256; i++) palette.set([wave(i, 40), wave(i, 110), wave(i, 255)], i * 3);

function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

// Each row begins with the number of its filter: 0, none.
const rows = Buffer.alloc((width + 1) * height);
for (let row = 0; row < height; row++) pixels.copy(rows, row * (width + 1) + 1, row * width, (row + 1) * width);

const header = Buffer.alloc(13);
header.writeUInt32BE(width, 0);
header.writeUInt32BE(height, 4);
header.set([8, 3, 0, 0, 0], 8);

writeFileSync(
  'mandelbrot.png',
  Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk('IHDR', header),
    chunk('PLTE', palette),
    chunk('IDAT', deflateSync(rows, { level: 6 })),
    chunk('IEND', Buffer.alloc(0)),
  ]),
);
console.log(`pixels sha256 ${createHash('sha256').update(pixels).digest('hex')}`);
