import { performance } from 'node:perf_hooks';
import { memoryUsage, resourceUsage } from 'node:process';
import { Gauge, Registry } from 'prom-client';
import { system } from '../domain/principal.ts';
import { taskStates } from '../domain/task.ts';
import type { Engine } from '../engine/engine.ts';
import type { Clock } from '../ports/clock.ts';
import type { Figures } from './figures.ts';
import { Histogram } from './histogram.ts';
import { type MetricName, type MetricRow, metrics } from './metric-table.ts';

export interface MetricsSources {
  readonly engine: Engine;
  readonly doors: () => readonly { readonly name: string; status(): DoorFigures }[];
  readonly version: string;
  /** Wall clock, s since 1970. */
  readonly startedAt: number;
  readonly clock?: Clock;
  readonly figures?: Figures;
  readonly traffic?: () => readonly TrafficFigures[];
  readonly disk?: () => Promise<DiskFigures>;
  /** Null: ready. */
  readonly notReady?: () => Promise<string | null>;
}

interface DoorFigures {
  readonly connections: number;
  readonly figures?: Readonly<Record<string, number>>;
}

export interface TrafficFigures {
  readonly door: string;
  readonly requests: number;
  readonly refusals: ReadonlyMap<number, number>;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export interface DiskFigures {
  readonly freeBytes: number;
  readonly databaseBytes: number;
  readonly walBytes: number;
  readonly blobs: number;
  readonly blobBytes: number;
  /** s since 1970; 0: never. */
  readonly lastBackup: number;
}

export interface Metrics {
  /** Prometheus text. */
  read(): Promise<{ readonly type: string; readonly text: string }>;
  close(): void;
}

/**
 * Everything that can be read is read when somebody scrapes (the library's own default metrics would wake an idle server a
 * hundred times a second); what has to be counted as it happens comes in `figures`.
 */
export function createMetrics(sources: MetricsSources): Metrics {
  const registry = new Registry();
  const make = makerIn(registry);
  make.gauge('switchyard_info').set({ version: sources.version }, 1);
  make.gauge('process_start_time_seconds').set(sources.startedAt);
  const refresh: Refresh[] = [
    tasks(make, sources),
    queue(make, sources),
    workers(make, sources),
    doors(make, sources),
    disk(make, sources),
    process(make),
  ];
  figures(registry, sources);
  const delay = loopDelay(registry, sources.clock);
  return {
    async read() {
      await Promise.all(refresh.map((one) => one()));
      return { type: registry.contentType, text: await registry.metrics() };
    },
    close: () => delay.close(),
  };
}

type Refresh = () => Promise<void>;

interface Maker {
  /** A counter is set from outside too: the library's own can only be counted up. */
  gauge(name: MetricName): Gauge;
}

function makerIn(registry: Registry): Maker {
  return {
    gauge(name) {
      const { type, help, labels = [] }: MetricRow = metrics[name];
      const gauge = new Gauge({ name, help, labelNames: [...labels], registers: [registry] });
      if (type === 'counter') asCounter(gauge);
      return gauge;
    },
  };
}

/** The same values under the type of the table. */
function asCounter(gauge: Gauge): void {
  const get = gauge.get.bind(gauge);
  gauge.get = async () => ({ ...(await get()), type: 'counter' as never });
}

interface Labelled {
  readonly labels: Readonly<Record<string, string>>;
  readonly histogram: Histogram;
}

/** Shows histograms that are kept elsewhere. */
function expose(registry: Registry, name: MetricName, read: () => readonly Labelled[]): void {
  const { help } = metrics[name];
  const get = async () => ({
    name,
    help,
    type: 'histogram',
    aggregator: 'sum',
    values: read().flatMap((one) => lines(name, one)),
  });
  registry.registerMetric({ name, help, get, reset: () => {} } as never);
}

function lines(name: MetricName, { labels, histogram }: Labelled): object[] {
  let count = 0;
  const buckets = histogram.counts.map((one, at) => {
    count += one;
    return { metricName: `${name}_bucket`, labels: { le: histogram.bounds[at] ?? '+Inf', ...labels }, value: count };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: histogram.sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}

function figures(registry: Registry, { figures: kept }: MetricsSources): void {
  if (kept === undefined) return;
  expose(registry, 'switchyard_task_start_seconds', () =>
    [...kept.starts].map(([kind, histogram]) => ({ labels: { kind }, histogram })),
  );
  expose(registry, 'switchyard_store_batch_seconds', () => [{ labels: {}, histogram: kept.batchSeconds }]);
  expose(registry, 'switchyard_store_batch_commands', () => [{ labels: {}, histogram: kept.batchCommands }]);
}

const lookMs = 1_000;

/** Once a second: an idle server is not woken more often than that, and only once somebody has asked. */
function loopDelay(registry: Registry, clock: Clock | undefined): { close(): void } {
  if (clock === undefined) return { close: () => {} };
  const histogram = new Histogram([0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5]);
  expose(registry, 'switchyard_eventloop_delay_seconds', () => [{ labels: {}, histogram }]);
  let due = clock.monotonic() + lookMs;
  let timer = clock.after(lookMs, look);
  function look(): void {
    const { monotonic } = clock as Clock;
    histogram.observe(Math.max(0, monotonic() - due) / 1_000);
    due = monotonic() + lookMs;
    timer = (clock as Clock).after(lookMs, look);
  }
  return { close: () => timer.cancel() };
}

function tasks(make: Maker, { engine }: MetricsSources): Refresh {
  const now = make.gauge('switchyard_tasks');
  const runs = make.gauge('switchyard_finished_runs');
  const changes = make.gauge('switchyard_changes_total');
  return async () => {
    now.reset();
    runs.reset();
    for (const { kind, counts, finishedRuns } of await engine.query.tallies(system)) {
      for (const state of taskStates) now.set({ kind, state }, counts[state]);
      runs.set({ kind }, finishedRuns);
    }
    changes.set(engine.feed.newest);
  };
}

function queue(make: Maker, { engine }: MetricsSources): Refresh {
  const ready = make.gauge('switchyard_queue_ready');
  return async () => {
    ready.reset();
    for (const { label, ready: count } of await engine.query.queue(system)) ready.inc({ class: label }, count);
  };
}

function workers(make: Maker, { engine }: MetricsSources): Refresh {
  const gauge = make.gauge('switchyard_workers');
  const pools = make.gauge('switchyard_pool');
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

function doors(make: Maker, { doors: all, traffic, notReady }: MetricsSources): Refresh {
  const connections = make.gauge('switchyard_door_connections');
  const counted = make.gauge('switchyard_door_figure');
  const requests = make.gauge('switchyard_door_requests_total');
  const refusals = make.gauge('switchyard_door_refusals_total');
  const bytes = make.gauge('switchyard_door_bytes_total');
  const ready = make.gauge('switchyard_ready');
  return async () => {
    for (const door of all()) {
      const { connections: open, figures: own = {} } = door.status();
      connections.set({ door: door.name }, open);
      for (const [what, value] of Object.entries(own)) counted.set({ door: door.name, what }, value);
    }
    for (const { door, requests: answered, refusals: refused, bytesIn, bytesOut } of traffic?.() ?? []) {
      requests.set({ door }, answered);
      for (const [status, count] of refused) refusals.set({ door, status: String(status) }, count);
      bytes.set({ door, direction: 'in' }, bytesIn);
      bytes.set({ door, direction: 'out' }, bytesOut);
    }
    ready.set((await notReady?.()) == null ? 1 : 0);
  };
}

function disk(make: Maker, { disk: read }: MetricsSources): Refresh {
  if (read === undefined) return async () => {};
  const free = make.gauge('switchyard_disk_free_bytes');
  const database = make.gauge('switchyard_database_bytes');
  const blobs = make.gauge('switchyard_blobs');
  const blobBytes = make.gauge('switchyard_blob_bytes');
  const backup = make.gauge('switchyard_last_backup_timestamp_seconds');
  return async () => {
    const found = await read();
    free.set(found.freeBytes);
    database.set({ part: 'main' }, found.databaseBytes);
    database.set({ part: 'wal' }, found.walBytes);
    blobs.set(found.blobs);
    blobBytes.set(found.blobBytes);
    backup.set(found.lastBackup);
  };
}

function process(make: Maker): Refresh {
  const memory = make.gauge('process_resident_memory_bytes');
  const heap = make.gauge('nodejs_heap_size_used_bytes');
  const cpu = make.gauge('process_cpu_seconds_total');
  const busy = make.gauge('switchyard_eventloop_utilization');
  let last = performance.eventLoopUtilization();
  return async () => {
    const used = memoryUsage();
    memory.set(used.rss);
    heap.set(used.heapUsed);
    const { userCPUTime, systemCPUTime } = resourceUsage();
    cpu.set((userCPUTime + systemCPUTime) / 1e6);
    const now = performance.eventLoopUtilization();
    busy.set(performance.eventLoopUtilization(now, last).utilization);
    last = now;
  };
}
