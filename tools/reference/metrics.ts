import { type MetricRow, metricNames, metrics } from '../../packages/server/src/observe/metric-table.ts';
import { code, page, table } from './page.ts';

export function metricsPage(): string {
  const rows = metricNames.map((name) => {
    const { type, help, labels = [] }: MetricRow = metrics[name];
    return [code(name), type, labels.map(code).join(', '), help];
  });
  return page(
    'Metrics',
    'packages/server/src/observe/metric-table.ts',
    'What `GET /metrics` tells, in the text format of Prometheus. It needs a token with the right `worker:read` (role `viewer` is enough). Nearly everything is read at the scrape: a server that nobody scrapes pays nothing for it.',
    table(['name', 'type', 'labels', 'meaning'], rows),
    'A scrape configuration:',
    [
      '```yaml',
      'scrape_configs:',
      '  - job_name: switchyard',
      '    authorization: { credentials_file: /etc/prometheus/switchyard.token }',
      '    static_configs: [{ targets: ["yard.lab:8080"] }]',
      '```',
    ].join('\n'),
    'Worth an alarm: `switchyard_ready == 0`; `switchyard_disk_free_bytes < 2e9`; `time() - switchyard_last_backup_timestamp_seconds > 2 * 86400`; `switchyard_workers{status="lost"} > 0`; the 99th percentile of `switchyard_store_batch_seconds` above 0.1; `switchyard_queue_ready` that only grows.',
  );
}
