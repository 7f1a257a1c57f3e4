import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { areResults, createResultsReader } from '../../src/doors/kueue/results-reader.ts';

function read(text: string, pieces: number) {
  const bytes = Buffer.from(text);
  const got = { job: null as number | null, out: [] as Buffer[], err: [] as Buffer[], done: undefined as unknown };
  const reader = createResultsReader({
    job: (id) => {
      got.job = id;
    },
    text: (stream, part) => void got[stream].push(Buffer.from(part)),
    end: (done) => {
      got.done = done;
    },
  });
  for (let at = 0; at < bytes.length; at += pieces) reader.write(bytes.subarray(at, at + pieces));
  reader.end();
  return { job: got.job, out: Buffer.concat(got.out).toString(), err: Buffer.concat(got.err).toString(), done: got.done };
}

const message = (body: unknown): string => JSON.stringify({ UpdateJobResults: body });

describe('long results (kueue §7.2)', () => {
  test('both texts come out decoded, whatever the split', () => {
    const out = 'a\n"\\/\t\u0000\u001b é 大 😀'.repeat(3);
    const text = message({ job_id: 12, stdout_text: out, stderr_text: '' });
    for (let pieces = 1; pieces <= Buffer.byteLength(text); pieces++) {
      expect(read(text, pieces)).toEqual({ job: 12, out, err: '', done: { dropped: 0 } });
    }
  });

  test('every way to write an escape', () => {
    const text =
      '{"UpdateJobResults":{"job_id":1,"stdout_text":"\\u0041\\u00e9\\uD83D\\uDE00\\/\\b\\f\\n\\r\\t\\"\\\\","stderr_text":null}}';
    for (let pieces = 1; pieces < 9; pieces++) expect(read(text, pieces).out).toBe('Aé😀/\b\f\n\r\t"\\');
  });

  test('half characters become the replacement character', () => {
    for (const inside of ['\\ud83d', '\\ude00', '\\ud83d\\ud83d', '\\ud83dx', '\\ud83d\\n']) {
      const text = `{"UpdateJobResults":{"job_id":1,"stdout_text":"${inside}"}}`;
      const expected = (JSON.parse(`"${inside}"`) as string).toWellFormed();
      for (let pieces = 1; pieces < 7; pieces++) expect(read(text, pieces).out).toBe(expected);
    }
  });

  test('seeded: any text in any pieces', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.string({ maxLength: 50 }),
        fc.integer({ min: 1, max: 50 }),
        (out, err, pieces) => {
          expect(read(message({ job_id: 3, stdout_text: out, stderr_text: err }), pieces)).toMatchObject({
            out: out.toWellFormed(),
            err,
          });
        },
      ),
      { seed: 5, numRuns: 300 },
    );
  });

  test('more fields are skipped, deep ones too, and blanks do not matter', () => {
    const text =
      ' {\n"UpdateJobResults" : { "extra": {"job_id": 9, "stdout_text": "no"}, "list":[1,{"stdout_text":"no"},"stdout_text"] , "job_id" : 4 , "stdout_text" : "yes" } } ';
    for (let pieces = 1; pieces < 12; pieces++)
      expect(read(text, pieces)).toMatchObject({ job: 4, out: 'yes', done: { dropped: 0 } });
  });

  test('a text before the job’s number is counted and dropped', () => {
    expect(read('{"UpdateJobResults":{"stdout_text":"lost","job_id":4,"stderr_text":"kept"}}', 5)).toMatchObject({
      job: 4,
      out: '',
      err: 'kept',
      done: { dropped: 4 },
    });
  });

  test.each([
    '{"UpdateJobResults":{"job_id":1,"stdout_text":"\\x"}}',
    '{"UpdateJobResults":{"job_id":1,"stdout_text":"\\u12g4"}}',
    '{"UpdateJobResults":{"stdout_text":"x"}}',
  ])('%s is malformed', (text) => {
    for (let pieces = 1; pieces < 9; pieces++) expect(read(text, pieces).done).toBe(null);
  });

  test('a number that is no id is nobody’s', () => {
    for (const number of ['-1', '1.5', '18446744073709551615', '"1"']) {
      const { job } = read(`{"UpdateJobResults":{"job_id":${number},"stdout_text":"x"}}`, 3);
      expect(job === null || job === -1).toBe(true);
    }
  });

  test('only results are streamed', () => {
    expect(areResults(Buffer.from(' {"UpdateJobResults":{'))).toBe(true);
    expect(areResults(Buffer.from('{"UpdateJobStatus":{"UpdateJobResults":'))).toBe(false);
    expect(areResults(Buffer.from('"UpdateJobResults"'))).toBe(false);
  });
});
