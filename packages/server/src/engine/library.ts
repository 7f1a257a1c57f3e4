import { type Result, refuse } from '../domain/errors.ts';
import type { Millis } from '../domain/ids.ts';
import { may, type Principal, type Right, reaches } from '../domain/principal.ts';
import type { Clock, Random } from '../ports/clock.ts';
import { fileCollection, type Records } from '../ports/records.ts';
import type { TaskFiles } from './engine.ts';

/** A file that somebody keeps under a name of his own; its bytes are a blob, which stays as long as this or a job needs it. */
export interface KeptFile {
  /** A UUID. Two files may have the same name and the same bytes. */
  readonly id: string;
  readonly owner: string;
  /** A label for people, never a path. */
  readonly name: string;
  readonly size: number;
  readonly blob: string;
  readonly createdAt: Millis;
}

/** Named files beside those of tasks. Each sees its own; `all` scopes see every one. */
export interface Library {
  /** Stores the bytes first, then the name: refused as `files.write` is, `too_many` beyond what one may keep. */
  keep(by: Principal, name: string, bytes: AsyncIterable<Uint8Array>, limit?: number): Promise<Result<KeptFile>>;
  /** Newest first. */
  list(by: Principal): readonly KeptFile[];
  find(by: Principal, id: string): Result<KeptFile>;
  /** Hidden at once; jobs that take it as input keep the bytes. */
  remove(by: Principal, id: string): Promise<Result<null>>;
  /** Everything of an owner who is gone. */
  removeAll(owner: string): Promise<void>;
}

const mostOfOne = 10_000;
const longestName = 255;

export interface LibraryDeps {
  readonly records: Records;
  readonly files: TaskFiles;
  readonly clock: Clock;
  readonly random: Random;
}

export async function openLibrary({ records, files, clock, random }: LibraryDeps): Promise<Library> {
  const all = new Map<string, KeptFile>();
  const byOwner = new Map<string, Set<string>>();
  for (const { value } of await records.list<KeptFile>(fileCollection)) add(value);

  function add(file: KeptFile): void {
    all.set(file.id, file);
    const mine = byOwner.get(file.owner) ?? new Set();
    byOwner.set(file.owner, mine.add(file.id));
  }

  async function drop({ id, owner }: KeptFile): Promise<void> {
    await records.delete(fileCollection, id);
    all.delete(id);
    const mine = byOwner.get(owner);
    mine?.delete(id);
    if (mine?.size === 0) byOwner.delete(owner);
  }

  const lacks = (by: Principal, right: Right) =>
    may(by, right) ? null : refuse('forbidden', `${by.name} lacks the right ${right}`);
  const ofOwner = (owner: string): KeptFile[] => [...(byOwner.get(owner) ?? [])].flatMap((id) => all.get(id) ?? []);

  function find(by: Principal, id: string): Result<KeptFile> {
    const wrong = lacks(by, 'file:read');
    if (wrong !== null) return wrong;
    const file = all.get(id);
    // A foreign file is as good as none: nothing is learned by guessing.
    return file === undefined || !reaches(by, file.owner) ? refuse('not_found', `There is no file ${id}`) : { value: file };
  }

  return {
    find,
    async keep(by, name, bytes, limit) {
      const wrong = lacks(by, 'file:write');
      if (wrong !== null) return wrong;
      if ((byOwner.get(by.id)?.size ?? 0) >= mostOfOne)
        return refuse('too_many', `Nobody keeps more than ${mostOfOne} files: remove some`);
      const written = await files.write(by, bytes, limit);
      if (written.refusal !== undefined) return written;
      const { blob, size } = written.value as { blob: string; size: number };
      const file = { id: random.uuid(), owner: by.id, name: labelOf(name), size, blob, createdAt: clock.now() };
      const { ok } = await records.put(fileCollection, file.id, file, null);
      if (!ok) throw new Error('a fresh file was there already');
      add(file);
      return { value: file };
    },
    list(by) {
      if (!may(by, 'file:read')) return [];
      const seen = by.scope === 'all' ? [...all.values()] : ofOwner(by.id);
      return seen.sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));
    },
    async remove(by, id) {
      const wrong = lacks(by, 'file:write');
      if (wrong !== null) return wrong;
      const found = find(by, id);
      if (found.refusal !== undefined) return found;
      await drop(found.value);
      return { value: null };
    },
    async removeAll(owner) {
      for (const file of ofOwner(owner)) await drop(file);
    },
  };
}

/** Its last component, without what steers a terminal or a page. */
function labelOf(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? '';
  const plain = last.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '').trim();
  return plain.slice(0, longestName).toWellFormed() || 'unnamed';
}
