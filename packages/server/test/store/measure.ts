/**
 * How fast the store runs submit-claim-end with the engine's own procedures. Not a test: `node measure.ts [cycles] [ready]`.
 * Prints microseconds a command in the core, then cycles a second through the writer thread.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobPlan } from '../../src/domain/plan.ts';
import { procedures } from '../../src/engine/procedures/index.ts';
import type { Command, CommandAnswer, RunResult } from '../../src/ports/store.ts';
import { Core } from '../../src/store/sqlite/core.ts';
import { openWriter } from '../../src/store/sqlite/database.ts';
import { migrate } from '../../src/store/sqlite/migrate.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { command, worker } from '../suites/store-rows.ts';

const cycles = Number(process.argv[2] ?? 20_000);
const standing = Number(process.argv[3] ?? 0);
const batch = 256;
const dir = mkdtempSync(join(tmpdir(), 'switchyard-measure-'));

function plan(cpus = 0, priority = 0): JobPlan {
  const amounts = { slots: 1, cpus, ramMb: 0, named: {} };
  const policy = { retries: 0, maxLosses: 5, on: 'any', backoffMs: 0, onLoss: 'requeue' } as const;
  const task = { key: null, kind: 'shell', tags: [], amounts, pools: {}, pin: null, priority, policy } as const;
  const rest = { timeoutMs: 0, silenceMs: 0, body: null, after: [], array: null, refersTo: [] };
  const spec = JSON.stringify({ argv: ['/bin/true'], env: {}, cwd: null });
  const job = { name: 'true', kind: 'shell', priority, labels: {}, spec, after: [], hold: false, notBefore: null, startOn: null };
  return { ...job, tasks: [{ ...task, ...rest }] };
}

const submit = (of = plan()): Command => command('submit', { plan: of, key: null, hash: '', ids: 1, building: false });
const claim = (of: number, session: number, max = 1): Command =>
  command('claim', { worker: of, session, max, mode: 'run', deadline: null, kinds: null, resume: false, poolsToo: true });
const end = (task: number, session: number, attempt: number): Command => {
  const none = { reason: null, exitCode: 0, signal: null, error: null, result: null, artifacts: [] };
  return command('end', { task, session, attempt, outcome: 'succeeded', ...none });
};

const { profile } = worker(1);
const total = { slots: 100_000, cpus: 0, ramMb: 0, named: {} };
const register = command('register', {
  key: 'k',
  name: 'w',
  kinds: ['shell'],
  tags: [],
  total,
  profile,
  info: {},
  approved: true,
});
const signOn = (of: number): Command =>
  command('signOn', { worker: of, name: null, kinds: null, tags: null, total: null, info: null, keepTasks: false });

function answerOf<T>(answer: CommandAnswer | undefined): T {
  if (answer === undefined || !('answer' in answer)) throw new Error(JSON.stringify(answer));
  // The engine wraps what it says to workers beside the answer.
  const { answer: said } = answer as { answer: T | { answer: T } };
  return typeof said === 'object' && said !== null && 'answer' in said ? said.answer : said;
}
interface Given {
  readonly assignments: readonly { readonly task: { readonly id: number; readonly attempt: number } }[];
}

function inCore(): void {
  const connection = openWriter(join(dir, 'core.db'), 'full');
  migrate(connection.db, 'core.db');
  const core = new Core(connection, procedures);
  const run = (commands: Command[]): readonly CommandAnswer[] => {
    const [outcome] = core.execute([{ call: 'run', commands }]);
    return (outcome as { result: RunResult }).result.answers;
  };
  const { worker: id } = answerOf<{ worker: number }>(run([register])[0]);
  const { session } = answerOf<{ session: number }>(run([signOn(id)])[0]);
  for (let n = 0; n < standing; n += 1_000) run(Array.from({ length: 1_000 }, () => submit(plan(0, -1))));

  const spent = { submit: 0, claim: 0, end: 0 };
  // On a busy machine the clock tells more of the others than of us.
  const cpu = { submit: 0, claim: 0, end: 0 };
  const timed = (name: keyof typeof spent, commands: Command[]): readonly CommandAnswer[] => {
    const from = performance.now();
    const before = process.cpuUsage();
    const answers = run(commands);
    spent[name] += performance.now() - from;
    const { user, system } = process.cpuUsage(before);
    cpu[name] += (user + system) / 1_000;
    return answers;
  };
  for (let n = 0; n < cycles; n += batch) {
    timed(
      'submit',
      Array.from({ length: batch }, () => submit()),
    );
    const claimed = timed(
      'claim',
      Array.from({ length: batch }, () => claim(id, session)),
    );
    const tasks = claimed.flatMap((answer) => answerOf<Given>(answer).assignments.map(({ task }) => task));
    for (const answer of timed(
      'end',
      tasks.map((task) => end(task.id, session, task.attempt)),
    ))
      answerOf(answer);
  }
  const micros = (ms: number): string => ((ms * 1_000) / cycles).toFixed(1);
  for (const [what, of] of Object.entries({ clock: spent, cpu })) {
    const all = of.submit + of.claim + of.end;
    const rate = Math.round((cycles / all) * 1_000);
    console.log(`core ${what}: submit ${micros(of.submit)} claim ${micros(of.claim)} end ${micros(of.end)} µs; ${rate} cycles/s`);
  }
  connection.close();
}

async function inThread(): Promise<void> {
  const store = await openSqliteStore({
    file: join(dir, 'thread.db'),
    mode: 'threaded',
    procedures: { url: new URL('../../src/engine/procedures/index.ts', import.meta.url).href, export: 'procedures' },
    onFatal: (error) => {
      throw error;
    },
  });
  const one = async <T>(of: Command): Promise<T> => answerOf<T>((await store.run([of])).answers[0]);
  const { worker: id } = await one<{ worker: number }>(register);
  const { session } = await one<{ session: number }>(signOn(id));
  const waits: number[] = [];
  let left = cycles;
  async function caller(): Promise<void> {
    while (left > 0) {
      left -= 1;
      const from = performance.now();
      await one(submit());
      waits.push(performance.now() - from);
      const { assignments } = await one<Given>(claim(id, session));
      for (const { task } of assignments) await one(end(task.id, session, task.attempt));
    }
  }
  const from = performance.now();
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: batch }, caller));
  const spent = performance.now() - from;
  const { user, system } = process.cpuUsage(before);
  waits.sort((a, b) => a - b);
  const at = (share: number): string => (waits[Math.floor(waits.length * share)] ?? 0).toFixed(2);
  const rate = Math.round((cycles / spent) * 1_000);
  const cpu = ((user + system) / cycles).toFixed(0);
  console.log(
    `thread: ${rate} cycles/s at ${batch} in flight, submit p50 ${at(0.5)} p99 ${at(0.99)} ms, ${cpu} µs of cpu a cycle`,
  );
  await store.close();
}

try {
  inCore();
  await inThread();
} finally {
  rmSync(dir, { recursive: true });
}
