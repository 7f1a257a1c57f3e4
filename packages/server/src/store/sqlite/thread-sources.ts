import { readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';

/**
 * The modules of the writer thread, made ready in this thread: address -> JavaScript. A thread that strips types by itself
 * runs Node's WebAssembly stripper, and V8 (14, Node 24.21) now and then ends the whole process with a segmentation fault in
 * `TierUpWasmToJSWrapper` when threads that do so come and go (seen once in a thousand starts on busy cores). It also
 * starts sooner this way. What is missing here, or is no TypeScript, the thread loads as it always would.
 */
export async function threadSources(entries: readonly string[]): Promise<Map<string, string>> {
  const sources = new Map<string, string>();
  const open = [...entries];
  for (let url = open.pop(); url !== undefined; url = open.pop()) {
    if (sources.has(url) || !url.startsWith('file:') || !url.endsWith('.ts')) continue;
    const text = await readFile(new URL(url), 'utf8').catch(() => null);
    // What only looked like an import, or truly is missing: then the thread says so where it is imported.
    if (text === null) continue;
    const source = stripped(text);
    sources.set(url, source);
    for (const [, specifier] of source.matchAll(relativeImport)) if (specifier) open.push(new URL(specifier, url).href);
  }
  return sources;
}

/** `from './x.ts'` and `import './x.ts'`; types are gone by then, so these are the imports that really happen. */
const relativeImport = /\b(?:from|import)\s*['"](\.{1,2}\/[^'"]+)['"]/g;

function stripped(source: string): string {
  return silently(() => stripTypeScriptTypes(source));
}

/** The function is new and says so on stderr at every start; running TypeScript itself says nothing any more. */
function silently<T>(call: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return call();
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** What the thread runs first: plain JavaScript, so that it needs nothing stripped. */
export const threadBoot = `
const { registerHooks } = require('node:module');
const { workerData } = require('node:worker_threads');
registerHooks({
  load(url, context, next) {
    const source = workerData.sources.get(url);
    return source === undefined ? next(url, context) : { format: 'module', source, shortCircuit: true };
  },
});
import(workerData.entry);
`;
