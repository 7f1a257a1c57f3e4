import { performance } from 'node:perf_hooks';
import { memoryUsage, resourceUsage } from 'node:process';
import { Counter, Gauge, Registry } from 'prom-client';
import { system } from '../domain/principal.ts';
import { taskStates } from '../domain/task.ts';
import type { Engine } from '../engine/engine.ts';

export interface MetricsSources {
  readonly engine: Engine;
  readonly doors: () => readonly { readonly name: string; status(): DoorFigures }[];
  readonly version: string;
  /** Wall clock, s since 1970. */
  readonly startedAt: number;
}

interface DoorFigures {
  readonly connections: number;
  readonly figures?: Readonly<Record<string, number>>;
}

export interface Metrics {
  /** Prometheus text. */
  read(): Promise<{ readonly type: string; readonly text: string }>;
}

/**
 * Everything is read when somebody scrapes: nothing is counted in between and no timer runs (the library's own default metrics
 * would wake an idle server a hundred times a second).
 */
export function createMetrics(sources: MetricsSources): Metrics {
  const registry = new Registry();
  const about = new Gauge({
    name: 'switchyard_info',
    help: 'version of the server',
    labelNames: ['version'],
    registers: [registry],
  });
  about.set({ version: sources.version }, 1);
  const started = { name: 'process_start_time_seconds', help: 'start, seconds since 1970', registers: [registry] };
  new Gauge(started).set(sources.startedAt);
  const refresh = [tasks(registry, sources), workers(registry, sources), connections(registry, sources), process(registry)];
  return {
    async read() {
      await Promise.all(refresh.map((one) => one()));
      return { type: registry.contentType, text: await registry.metrics() };
    },
  };
}

type Refresh = () => Promise<void>;

function tasks(registry: Registry, { engine }: MetricsSources): Refresh {
  const registers = [registry];
  const labelNames = ['kind', 'state'];
  const now = new Gauge({ name: 'switchyard_tasks', help: 'tasks that exist, by kind and state', labelNames, registers });
  const runs = new Gauge({
    name: 'switchyard_finished_runs',
    help: 'ended attempts of ended tasks that exist',
    labelNames: ['kind'],
    registers,
  });
  const changes = new Counter({ name: 'switchyard_changes_total', help: 'committed changes', registers });
  return async () => {
    now.reset();
    for (const { kind, counts, finishedRuns } of await engine.query.tallies(system)) {
      for (const state of taskStates) now.set({ kind, state }, counts[state]);
      runs.set({ kind }, finishedRuns);
    }
    changes.reset();
    changes.inc(engine.feed.newest);
  };
}

function workers(registry: Registry, { engine }: MetricsSources): Refresh {
  const gauge = new Gauge({
    name: 'switchyard_workers',
    help: 'workers, by status',
    labelNames: ['status'],
    registers: [registry],
  });
  const pools = new Gauge({
    name: 'switchyard_pool',
    help: 'pools: their size and what is taken',
    labelNames: ['pool', 'what'],
    registers: [registry],
  });
  return async () => {
    gauge.reset();
    pools.reset();
    for (const { status } of await engine.query.workers(system)) gauge.inc({ status });
    for (const { name, total, used } of await engine.query.pools(system)) {
      pools.set({ pool: name, what: 'total' }, total);
      pools.set({ pool: name, what: 'used' }, used);
    }
  };
}

function connections(registry: Registry, { doors }: MetricsSources): Refresh {
  const gauge = new Gauge({
    name: 'switchyard_door_connections',
    help: 'lasting connections, by door',
    labelNames: ['door'],
    registers: [registry],
  });
  const counted = new Gauge({
    name: 'switchyard_door_figure',
    help: 'what a door counts: present values, and sums since the start',
    labelNames: ['door', 'what'],
    registers: [registry],
  });
  return async () => {
    for (const door of doors()) {
      const { connections, figures = {} } = door.status();
      gauge.set({ door: door.name }, connections);
      for (const [what, value] of Object.entries(figures)) counted.set({ door: door.name, what }, value);
    }
  };
}

function process(registry: Registry): Refresh {
  const registers = [registry];
  const memory = new Gauge({ name: 'process_resident_memory_bytes', help: 'memory of the process', registers });
  const heap = new Gauge({ name: 'nodejs_heap_size_used_bytes', help: 'JavaScript heap in use', registers });
  const cpu = new Counter({ name: 'process_cpu_seconds_total', help: 'processor time used', registers });
  const busy = new Gauge({
    name: 'switchyard_eventloop_utilization',
    help: 'share of time that the event loop was busy since the last scrape, 0 to 1',
    registers,
  });
  const lag = new Gauge({ name: 'nodejs_eventloop_lag_seconds', help: 'delay of one turn, measured at the scrape', registers });
  let last = performance.eventLoopUtilization();
  return async () => {
    const used = memoryUsage();
    memory.set(used.rss);
    heap.set(used.heapUsed);
    const { userCPUTime, systemCPUTime } = resourceUsage();
    cpu.reset();
    cpu.inc((userCPUTime + systemCPUTime) / 1e6);
    const now = performance.eventLoopUtilization();
    busy.set(performance.eventLoopUtilization(now, last).utilization);
    last = now;
    lag.set(await turnSeconds());
  };
}

/** How long the event loop takes to come round once, seconds. */
function turnSeconds(): Promise<number> {
  const before = performance.eventLoopUtilization();
  return new Promise((resolve) => {
    setImmediate(() => {
      const { active, idle } = performance.eventLoopUtilization(before);
      resolve((active + idle) / 1_000);
    });
  });
}
