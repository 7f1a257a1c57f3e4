import { DoorList, HealthView, HistoryView, KindList, StatsView, WhoamiView } from '@switchyard/sdk/system.ts';
import { type Counts, moved, noCounts } from '../../../domain/counts.ts';
import { refuse } from '../../../domain/errors.ts';
import type { Principal } from '../../../domain/principal.ts';
import { type TaskStateName, taskStates } from '../../../domain/task.ts';
import type { HttpRow } from '../../kit/http-row.ts';
import { ok, refused, rowDefiner } from '../api-row.ts';
import type { ApiContext } from '../context.ts';
import { timeOf } from '../views/time.ts';

export function systemRows(context: ApiContext): HttpRow[] {
  const row = rowDefiner(context);
  return [
    row({
      method: 'GET',
      path: '/v1/stats',
      summary: 'The whole server at a glance; totals are kept, not counted.',
      right: 'job:read',
      tags: ['server'],
      answers: { 200: StatsView },
      handle: async ({ by }) => ok(await statsOf(context, by)),
    }),
    row({
      method: 'GET',
      path: '/v1/stats/history',
      summary:
        'The last hour in steps of some seconds, as far as the server ran: what began, what ended, how long things waited.',
      right: 'job:read',
      tags: ['server'],
      answers: { 200: HistoryView },
      handle: ({ by }) => {
        const { stepMs, points } = context.history;
        // Totals tell of everybody.
        const shown = by.scope === 'all' ? points() : [];
        return ok({ stepMs, points: shown.map((point) => ({ ...point, at: timeOf(point.at) })) });
      },
    }),
    row({
      method: 'GET',
      path: '/v1/doors',
      summary: 'Who can come in, and how.',
      right: 'worker:read',
      tags: ['server'],
      answers: { 200: DoorList },
      handle: () => ok({ doors: context.doors().map((door) => ({ name: door.name, title: door.title, ...door.status() })) }),
    }),
    row({
      method: 'GET',
      path: '/v1/kinds',
      summary: 'Kinds of jobs, with the schema of their `spec`.',
      right: 'job:read',
      tags: ['server'],
      answers: { 200: KindList },
      handle: () =>
        ok({ kinds: Object.entries(context.kinds).map(([name, { text, spec }]) => ({ name, summary: text, schema: spec })) }),
    }),
    row({
      method: 'GET',
      path: '/v1/whoami',
      summary: 'Whom this token speaks for.',
      // Every token may ask about itself.
      right: null,
      tags: ['server'],
      answers: { 200: WhoamiView },
      handle: ({ by: { id, name, rights, scope, kinds } }) => ok({ id, name, rights, scope, kinds }),
    }),
    row({
      method: 'GET',
      path: '/healthz',
      summary: 'Whether the process lives.',
      // Asked by supervisors without a token; tells nothing.
      right: null,
      tags: ['server'],
      answers: { 200: HealthView },
      handle: () => ok({ status: 'ok' }),
    }),
    row({
      method: 'GET',
      path: '/readyz',
      summary: 'Whether work is taken.',
      // As above.
      right: null,
      tags: ['server'],
      answers: { 200: HealthView },
      handle: async () => {
        const why = await context.notReady();
        return why === null ? ok({ status: 'ready' }) : refused(refuse('not_ready', why).refusal);
      },
    }),
    row({
      method: 'GET',
      path: '/metrics',
      summary: 'Prometheus metrics.',
      right: 'worker:read',
      tags: ['server'],
      answers: { 200: null },
      handle: async () => {
        const { type, text } = await context.metrics();
        return { status: 200, headers: { 'content-type': type }, body: text };
      },
    }),
  ];
}

async function statsOf({ engine, about, clock }: ApiContext, by: Principal) {
  const [tallies, workers, pools] = await Promise.all([
    engine.query.tallies(by),
    engine.query.workers(by),
    engine.query.pools(by),
  ]);
  return {
    version: about.version,
    startedAt: timeOf(about.startedAt),
    uptimeMs: Math.max(0, Math.round(clock.now() - about.startedAt)),
    tasks: tallies.reduce((sum, { counts }) => add(sum, counts), noCounts),
    kinds: Object.fromEntries(
      tallies.map(({ kind, counts, finishedRuns, finishedSeconds }) => [kind, { counts, finishedRuns, finishedSeconds }]),
    ),
    workers: {
      total: workers.length,
      online: workers.filter(({ status }) => status === 'online').length,
      busy: workers.filter(({ holding }) => holding > 0).length,
    },
    pools,
    newestChange: engine.feed.newest,
  };
}

function add(a: Counts, b: Counts): Counts {
  return taskStates.reduce((sum: Counts, state: TaskStateName) => moved(sum, null, state, b[state]), a);
}
