import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Ears, Editor } from './lib/client.ts';
import { file, jobNew, manual } from './lib/jobs.ts';
import { openPlace } from './lib/place.ts';

/** Failing seeds stay here: `{ seed, path }` of the report. */
const seeds: readonly { readonly seed: number; readonly path?: string }[] = [];

const text = fc.oneof(
  fc.constantFrom('', '0', '-1', '1e999', 'null', '\u0000', '\ud800', 'x'.repeat(300), '\u0394T', '__proto__'),
  fc.string(),
);
const anything = fc.anything({ maxDepth: 3, key: text, withNullPrototype: false });

/** A good request with some of it replaced by something else. */
const spoiled = fc
  .tuple(
    fc.constantFrom(jobNew(), jobNew([manual(), manual()]), jobNew([file('steps = 10')])),
    fc.array(fc.tuple(fc.nat(200), anything), { maxLength: 3 }),
  )
  .map(([job, changes]) => changes.reduce<unknown>((value, [at, other]) => replaceAt(value, at, other), job));

function replaceAt(value: unknown, at: number, other: unknown): unknown {
  const places: (readonly (string | number)[])[] = [];
  const walk = (one: unknown, path: readonly (string | number)[]): void => {
    places.push(path);
    if (typeof one !== 'object' || one === null) return;
    for (const key of Object.keys(one)) walk((one as Record<string, unknown>)[key], [...path, key]);
  };
  walk(value, []);
  const path = places[at % places.length]!;
  const copy = structuredClone(value);
  if (path.length === 0) return other;
  let holder = copy as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) holder = holder[key] as Record<string | number, unknown>;
  holder[path.at(-1)!] = other;
  return copy;
}

const safely = (value: unknown): string => {
  try {
    return JSON.stringify(value) ?? 'undefined';
  } catch {
    return '{';
  }
};

const id = fc.oneof(fc.constantFrom('0', '1', '2', '3', 'x', '%', '%2f', '..', '99999999999'), fc.nat(5).map(String));
const path = fc.oneof(
  id.map((one) => `/job/${one}`),
  id.map((one) => `/job/details/${one}`),
  id.map((one) => `/job/download/${one}`),
  id.map((one) => `/job/subscribe/${one}`),
  fc.constantFrom(
    '/job',
    '/job/',
    '//job',
    '/job/subscribe',
    '/options/default',
    '/options/available',
    '/auth',
    '/auth?protocol=0',
    '/auth?protocol=x',
  ),
);
const call = fc.tuple(
  fc.constantFrom('GET', 'POST', 'PATCH', 'DELETE', 'PUT', 'HEAD', 'OPTIONS'),
  path,
  fc.option(fc.oneof(spoiled.map(safely), text)),
);
const frame = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('JobNew', 'JobCancel', 'JobDelete', 'JobSubscribe', 'new', 'cancel', 'WebSocketAuth', 'x'),
      anything,
      spoiled,
    )
    .map(([type, jobId, job]) => safely({ ...(typeof job === 'object' && job !== null ? job : {}), type, jobId })),
  fc.tuple(fc.constantFrom('JobCancel', 'JobDelete', 'JobSubscribe'), fc.nat(3)).map(([type, jobId]) => safely({ type, jobId })),
  anything.map(safely),
  text,
);

const known = new Set([200, 204, 400, 401, 403, 404, 405, 409, 413, 422]);

test('whatever is asked, and whatever is said over the socket: a known answer, and the next one is served', async () => {
  await using place = await openPlace();
  const editor = await Editor.enter(place.port);
  const v0 = Editor.known(place.port, (await Editor.enter(place.port, { path: '/auth?protocol=0' })).token);
  const ears = [await editor.socket(), await v0.socket()];
  const property = fc.asyncProperty(fc.array(fc.oneof(call, frame), { minLength: 1, maxLength: 12 }), async (steps) => {
    for (const [i, step] of steps.entries()) {
      if (typeof step === 'string') ears[i % 2]!.say(step.toWellFormed());
      else {
        const [method, where, body] = step;
        const { status, phrase } = await editor.call(method, where, body?.toWellFormed() ?? undefined);
        if (!known.has(status)) throw new Error(`${method} ${where} ${body}: ${status} ${phrase}`);
      }
    }
    const jobs = await editor.list();
    if (jobs.length > 20) for (const job of jobs) await editor.call('DELETE', `/job/${job.id}`);
    for (const { stages, stageSimSteps, stageProgress, extensions } of jobs) {
      expect([stageSimSteps.length, stageProgress.length, extensions.length]).toEqual([stages, stages, stages]);
    }
  });
  for (const { seed, path: at } of seeds) await fc.assert(property, { seed, ...(at === undefined ? {} : { path: at }) });
  await fc.assert(property, { numRuns: 60 });
  expect(place.lines.filter(({ level }) => level >= 50)).toEqual([]);
  const stranger = await Ears.open(place.port);
  stranger.say({ type: 'WebSocketAuth', bearerToken: editor.token });
  expect(await stranger.hear()).toMatchObject({ success: true });
}, 60_000);
