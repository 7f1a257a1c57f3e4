export interface MetricRow {
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly help: string;
  readonly labels?: readonly string[];
}

/** Every metric of `GET /metrics`, once: what is exposed and `docs/reference/metrics.md` are made from these rows. */
export const metrics = {
  switchyard_info: { type: 'gauge', help: 'version of the server, always 1', labels: ['version'] },
  switchyard_ready: { type: 'gauge', help: '1 while work is taken, else 0; /readyz says why not' },
  process_start_time_seconds: { type: 'gauge', help: 'start, seconds since 1970' },
  process_resident_memory_bytes: { type: 'gauge', help: 'memory of the process' },
  process_cpu_seconds_total: { type: 'counter', help: 'processor time used' },
  nodejs_heap_size_used_bytes: { type: 'gauge', help: 'JavaScript heap in use' },
  switchyard_eventloop_utilization: {
    type: 'gauge',
    help: 'share of time that the event loop was busy since the last scrape, 0 to 1',
  },
  switchyard_eventloop_delay_seconds: {
    type: 'histogram',
    help: 'by how much a timer was late, looked at once a second from the first scrape on',
  },
  switchyard_tasks: { type: 'gauge', help: 'tasks that exist, by kind and state', labels: ['kind', 'state'] },
  switchyard_finished_runs: { type: 'gauge', help: 'ended attempts of ended tasks that exist', labels: ['kind'] },
  switchyard_changes_total: { type: 'counter', help: 'committed changes' },
  switchyard_task_start_seconds: {
    type: 'histogram',
    help: 'from the submission of a task to the begin of its first attempt; time that it waited for parents or a start time is part of it',
    labels: ['kind'],
  },
  switchyard_queue_ready: {
    type: 'gauge',
    help: 'ready tasks by what they need (at most 32 classes, 10000 counted of each; the others are together)',
    labels: ['class'],
  },
  switchyard_workers: { type: 'gauge', help: 'workers, by status', labels: ['status'] },
  switchyard_pool: { type: 'gauge', help: 'pools: their size and what is taken', labels: ['pool', 'what'] },
  switchyard_store_batch_seconds: {
    type: 'histogram',
    help: 'from handing a batch of commands to the writer thread to its commit, with durability full flushed; its count is the number of commits',
  },
  switchyard_store_batch_commands: { type: 'histogram', help: 'commands that shared one commit and its flush' },
  switchyard_door_connections: { type: 'gauge', help: 'lasting connections, by door', labels: ['door'] },
  switchyard_door_requests_total: { type: 'counter', help: 'HTTP requests answered, by door', labels: ['door'] },
  switchyard_door_refusals_total: {
    type: 'counter',
    help: 'of these, answered with a status from 400 on',
    labels: ['door', 'status'],
  },
  switchyard_door_bytes_total: {
    type: 'counter',
    help: 'bytes on the wire, by door and direction',
    labels: ['door', 'direction'],
  },
  switchyard_door_figure: {
    type: 'gauge',
    help: 'what a door counts beside: present values, and sums since the start',
    labels: ['door', 'what'],
  },
  switchyard_disk_free_bytes: { type: 'gauge', help: 'room on the disk of DATA' },
  switchyard_database_bytes: { type: 'gauge', help: 'the database and its write-ahead log', labels: ['part'] },
  switchyard_blobs: { type: 'gauge', help: 'input files and artifacts that are kept' },
  switchyard_blob_bytes: { type: 'gauge', help: 'their bytes' },
  switchyard_last_backup_timestamp_seconds: {
    type: 'gauge',
    help: 'when the last backup was made, seconds since 1970; 0: never',
  },
} as const satisfies Record<string, MetricRow>;

export type MetricName = keyof typeof metrics;
export const metricNames = Object.keys(metrics) as MetricName[];
