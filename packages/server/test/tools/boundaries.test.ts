import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  allOffences,
  arrowFor,
  homeOf,
  importsOf,
  offences,
  placeOf,
  readArrows,
  readTouches,
} from '../../../../tools/boundaries.ts';
import { root, withoutComments } from '../../../../tools/lib.ts';

const markdown = readFileSync(path.join(root, 'docs/architecture.md'), 'utf8');
const arrows = readArrows(markdown);
const touches = readTouches(markdown);
const check = (file: string, source: string): string[] => offences(`packages/server/src/${file}`, source, arrows, touches);

describe('boundaries', () => {
  it('every import of the product follows docs/architecture.md', () => {
    const { wrong, files } = allOffences();
    expect(wrong).toEqual([]);
    expect(files).toBeGreaterThan(20);
  });

  it.each([
    ['engine/claim.ts', "import { openStore } from '../store/sqlite/open.ts';"],
    ['engine/claim.ts', "import type { Row } from '../doors/kueue/table.ts';"],
    ['domain/task.ts', "import type { Store } from '../ports/store.ts';"],
    ['domain/task.ts', "import { readFileSync } from 'node:fs';"],
    ['domain/task.ts', "import Type from 'typebox';"],
    ['doors/kueue/door.ts', "import { x } from '../flamenco/translate.ts';"],
    ['doors/kueue/door.ts', "import type { Store } from '../../ports/store.ts';"],
    ['doors/kit/rows.ts', "import { x } from '../kueue/table.ts';"],
    ['store/sqlite/core.ts', "import { procedures } from '../../engine/procedures.ts';"],
    ['hub/hub.ts', "export { x } from '../engine/engine.ts';"],
    ['cli/jobs.ts', "const { start } = await import('../app/start.ts');"],
    ['bus/memory/bus.ts', "new Worker(new URL('../../store/writer.ts', import.meta.url));"],
    ['engine/claim.ts', "import { DatabaseSync } from 'node:sqlite';"],
    ['engine/claim.ts', 'const at = Date.now();'],
    ['hub/hub.ts', 'setTimeout(call, 5);'],
    ['store/sqlite/core.ts', 'const dir = process.env.DATA;'],
    ['basement/new.ts', 'export const x = 1;'],
  ])('%s may not: %s', (file, source) => {
    expect(check(file, `\n${source}\n`)).toHaveLength(1);
  });

  it.each([
    ['engine/claim.ts', "import { stepTask } from '../domain/task-machine.ts';"],
    ['engine/procedures/claim.ts', "import { place } from './place.ts';\nimport type { Store } from '../../ports/store.ts';"],
    ['doors/kueue/door.ts', "import { rows } from '../kit/rows.ts';\nimport { createServer } from 'node:net';"],
    ['ports/files.ts', "import type { Readable } from 'node:stream';"],
    ['cli/commands/serve.ts', "import { start } from '../../app/start.ts';"],
    ['app/real-clock.ts', 'export const now = () => Date.now();'],
    ['domain/task.ts', "// import { x } from '../store/y.ts'; Date.now()\nconst text = 'Date.now() is not called';"],
    ['engine/claim.ts', 'clock.after(5, call); Number.isNaN(expected.Date);'],
  ])('%s may: %s', (file, source) => {
    expect(check(file, source)).toEqual([]);
  });

  it('tells file and line', () => {
    expect(check('domain/task.ts', "const a = 1;\n\nimport { b } from '../engine/b.ts';")).toEqual([
      'packages/server/src/domain/task.ts:3 server/domain may not import server/engine/b',
    ]);
  });

  it('finds every way to import, over several lines too', () => {
    const source = [
      "import a, { type B } from 'one';",
      "import type {\n  C,\n} from 'two';",
      "import 'three';",
      "export * from 'four';",
      "const five = await import('five');",
      "import { type D } from 'six';",
    ].join('\n');
    const found = importsOf(source);
    expect(found.map(({ specifier }) => specifier).sort()).toEqual(['five', 'four', 'one', 'six', 'three', 'two']);
    expect(found.filter(({ typeOnly }) => typeOnly).map(({ specifier }) => specifier)).toEqual(['two', 'six']);
  });

  it('the most exact line speaks, and a door is at home in its own folder only', () => {
    expect(placeOf('packages/server/src/cli/commands/serve.ts')).toBe('server/cli/commands/serve');
    expect(arrowFor('server/cli/commands/serve', arrows)?.room).toBe('server/cli/commands/serve');
    expect(arrowFor('server/cli/commands/jobs', arrows)?.room).toBe('server/cli');
    expect(homeOf('server/doors/kueue/door')).toBe('server/doors/kueue');
    expect(homeOf('server/engine/procedures/claim')).toBe('server/engine');
    expect(placeOf('packages/server/test/a.test.ts')).toBeNull();
  });

  it('blanks comments, keeps lines and texts', () => {
    const source = "const a = 'http://x'; // b\n/* c\n d */ const e = `//f`;";
    expect(withoutComments(source)).toBe("const a = 'http://x';     \n    \n      const e = `//f`;");
    expect(withoutComments("f('it//s')", { strings: true })).toBe("f('     ')");
  });
});
