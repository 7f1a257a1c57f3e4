// One horizontal strip of the picture: node tile.mjs INDEX TILES WIDTH HEIGHT -> tile-INDEX.bin, one byte for each pixel.
// Only +, -, * and sqrt on doubles: every machine computes the same bytes.
import { writeFileSync } from 'node:fs';

const [index, tiles, width, height] = process.argv.slice(2).map(Number);
const center = { x: -0.743643887037151, y: 0.13182590420533 };
const span = 0.0042;
const mostSteps = 1500;

const from = Math.floor((height * index) / tiles);
const to = Math.floor((height * (index + 1)) / tiles);
const scale = span / width;
const pixels = new Uint8Array(width * (to - from));

/** 0: inside the set; else 1 … 255, a colour that changes ever more slowly with the number of steps. */
function colour(cx, cy) {
  let x = 0;
  let y = 0;
  for (let step = 0; step < mostSteps; step++) {
    const xx = x * x;
    const yy = y * y;
    if (xx + yy > 16) return 1 + (Math.floor(Math.sqrt(step) * 24) % 255);
    y = 2 * x * y + cy;
    x = xx - yy + cx;
  }
  return 0;
}

for (let row = from; row < to; row++) {
  const cy = center.y + (row - height / 2) * scale;
  const at = (row - from) * width;
  for (let column = 0; column < width; column++) pixels[at + column] = colour(center.x + (column - width / 2) * scale, cy);
  console.log(`::progress ${((row - from + 1) / (to - from)).toFixed(3)}::`);
}

writeFileSync(`tile-${index}.bin`, pixels);
console.log(`tile ${index}: rows ${from} to ${to - 1}`);
