import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hello, toClient, toWorker } from '../../src/doors/kueue/messages.ts';
import { clientTable, workerTable } from '../../src/doors/kueue/table.ts';
import { openPlace } from './lib/place.ts';
import { linesOf, parseTranscript, play } from './lib/transcript.ts';

const folder = join(import.meta.dirname, '../wire/kueue');
const files = readdirSync(folder).filter((name) => name.endsWith('.txt'));
const textOf = (file: string): string => readFileSync(join(folder, file), 'utf8');

/** To write what comes into the files (and then to read the difference): SWITCHYARD_WRITE_TRANSCRIPTS=1. */
const writes = process.env.SWITCHYARD_WRITE_TRANSCRIPTS === '1';

describe('transcripts of the wire, byte by byte', () => {
  const cuttings = writes ? (['lines'] as const) : (['lines', 'bytes', 1, 2] as const);
  const cases = files.flatMap((file) => cuttings.map((cutting) => ({ file, cutting })));

  test.each(cases)('$file, cut: $cutting', async ({ file, cutting }) => {
    const text = textOf(file);
    const transcript = parseTranscript(text);
    await using place = await openPlace({ globalResources: transcript.pools });
    const seen = await play(place, transcript, cutting);
    if (writes) writeFileSync(join(folder, file), rewritten(text, seen));
    else expect(seen).toEqual(linesOf(transcript));
    expect(place.lines.filter(({ level }) => level >= 40)).toEqual([]);
  });

  test('every message of both directions is in one of them', () => {
    const said = new Set(
      files
        .flatMap((file) => textOf(file).split('\n'))
        .flatMap((line) => /^(\w)\w*([<>]) (?:\{?"(\w+)")/.exec(line)?.slice(1).join('') ?? []),
    );
    const expected = [
      ...Object.keys(hello).map((name) => `${name === 'HelloFromClient' ? 'c' : 'w'}>${name}`),
      ...Object.keys(clientTable).map((name) => `c>${name}`),
      ...Object.keys(workerTable).map((name) => `w>${name}`),
      ...Object.keys(toClient).map((name) => `c<${name}`),
      ...Object.keys(toWorker).map((name) => `w<${name}`),
    ];
    expect(expected.filter((name) => !said.has(name))).toEqual([]);
  });
});

/** Steps replaced in order, comments and head kept. */
function rewritten(text: string, seen: readonly string[]): string {
  const rest = [...seen];
  const lines = text
    .split('\n')
    .map((line) => (line.trim() === '' || line.startsWith('#') || line.startsWith('pool ') ? line : (rest.shift() ?? line)));
  return [...lines, ...rest.map((line) => `${line}`)].join('\n').replace(/\n*$/, '\n');
}
