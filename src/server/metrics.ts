import { performance } from 'node:perf_hooks';
import type { DoorObserver } from '#operations';

const bucketsMillis = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1000, 5000];

type Series = { count: number; sumMillis: number; readonly buckets: number[] };

/** Counters of one process in Prometheus' text format. Key ids are never labels. */
export interface Metrics extends DoorObserver {
  readonly gauge: (name: string, help: string, read: () => number) => void;
  readonly count: (name: string, help: string) => () => void;
  readonly render: () => string;
}

export function createMetrics(): Metrics {
  const series = new Map<string, Series>();
  const gauges: { name: string; help: string; read: () => number }[] = [];
  const counters: { name: string; help: string; value: number }[] = [];

  function done(operation: string, protocol: string, outcome: string, millis: number): void {
    const labels = `operation="${operation}",protocol="${protocol}",result="${outcome}"`;
    let found = series.get(labels);
    if (!found) {
      found = { count: 0, sumMillis: 0, buckets: bucketsMillis.map(() => 0) };
      series.set(labels, found);
    }
    found.count += 1;
    found.sumMillis += millis;
    const index = bucketsMillis.findIndex((bound) => millis <= bound);
    if (index >= 0) found.buckets[index] = (found.buckets[index] ?? 0) + 1;
  }

  function renderSeries(lines: string[]): void {
    const name = 'claviger_operation_duration_seconds';
    lines.push(
      `# HELP ${name} Operations through the door, from request to durable record.`,
      `# TYPE ${name} histogram`,
    );
    for (const [labels, { count, sumMillis, buckets }] of series) {
      let sum = 0;
      for (const [index, bound] of bucketsMillis.entries()) {
        sum += buckets[index] ?? 0;
        lines.push(`${name}_bucket{${labels},le="${bound / 1000}"} ${sum}`);
      }
      lines.push(`${name}_bucket{${labels},le="+Inf"} ${count}`);
      lines.push(`${name}_sum{${labels}} ${sumMillis / 1000}`, `${name}_count{${labels}} ${count}`);
    }
  }

  return {
    done,
    gauge: (name, help, read) => void gauges.push({ name, help, read }),
    count: (name, help) => {
      const counter = { name, help, value: 0 };
      counters.push(counter);
      return () => {
        counter.value += 1;
      };
    },
    render: () => {
      const lines: string[] = [];
      renderSeries(lines);
      for (const { name, help, read } of gauges) {
        lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, `${name} ${read()}`);
      }
      for (const { name, help, value } of counters) {
        lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} counter`, `${name} ${value}`);
      }
      lines.push(
        '# HELP process_resident_memory_bytes Resident memory of this process.',
        '# TYPE process_resident_memory_bytes gauge',
        `process_resident_memory_bytes ${process.memoryUsage.rss()}`,
        '# HELP process_uptime_seconds Time since this process started.',
        '# TYPE process_uptime_seconds gauge',
        `process_uptime_seconds ${performance.now() / 1000}`,
      );
      return `${lines.join('\n')}\n`;
    },
  };
}
