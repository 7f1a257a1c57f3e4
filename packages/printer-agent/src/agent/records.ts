import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { compileCheck } from '@switchyard/sdk/check.ts';
import Type from 'typebox';

const JobRecordSchema = Type.Object({
  job: Type.String(),
  file: Type.String(),
  name: Type.String(),
  size: Type.Number(),
  /** It is being fetched: the printer has had nothing of it. */
  begun: Type.Boolean(),
  ended: Type.Union([
    Type.Null(),
    Type.Object({
      result: Type.Union([Type.Literal('completed'), Type.Literal('cancelled'), Type.Literal('failed')]),
      message: Type.Union([Type.String(), Type.Null()]),
      /** Wall clock, ms. */
      at: Type.Number(),
    }),
  ]),
});

/** The last job of a printer: what must outlive the agent. */
export type JobRecord = Type.Static<typeof JobRecordSchema>;

const PrintersSchema = Type.Record(Type.String(), Type.String({ pattern: '^[0-9a-f-]{36}$' }));

const checks = { job: compileCheck(JobRecordSchema), printers: compileCheck(PrintersSchema) };

/** What the agent keeps in its folder: which printer has which id, and each printer's last job. Each file is replaced whole, on disk before it counts. */
export class Records {
  readonly #folder: string;
  readonly files: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.files = join(folder, 'files');
    for (const path of [folder, this.files, join(folder, 'jobs')]) mkdirSync(path, { recursive: true, mode: 0o700 });
  }

  /** Key of a printer (see `identity.ts`) -> its id. */
  printers(): Record<string, string> {
    const value = readJson(join(this.#folder, 'printers.json'));
    return value !== null && checks.printers(value) === null ? (value as Record<string, string>) : {};
  }

  keepPrinters(printers: Readonly<Record<string, string>>): void {
    writeJson(join(this.#folder, 'printers.json'), printers);
  }

  job(printer: string): JobRecord | null {
    const value = readJson(this.#jobPath(printer));
    return value !== null && checks.job(value) === null ? (value as JobRecord) : null;
  }

  /** False: the disk did not take it. */
  keepJob(printer: string, record: JobRecord): boolean {
    try {
      writeJson(this.#jobPath(printer), record);
      return true;
    } catch {
      return false;
    }
  }

  #jobPath(printer: string): string {
    return join(this.#folder, 'jobs', `${printer}.json`);
  }
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

function writeJson(path: string, value: unknown): void {
  const next = `${path}.new`;
  const file = openSync(next, 'w', 0o600);
  try {
    writeSync(file, `${JSON.stringify(value, null, 2)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(next, path);
}
