import { performance } from 'node:perf_hooks';
import type { DoorObserver } from '#operations';

const bucketsMillis = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1000, 5000];

type Series = { count: number; sumMillis: number; readonly buckets: number[] };

/** Counters of one process in Prometheus' text format. Key ids are never labels. */
export interface Metrics extends DoorObserver {
  readonly gauge: (name: string, help: string, read: () => number) => void;
  /** A gauge with one label, whose values are told with its. */
  readonly labelledGauge: (
    name: string,
    help: string,
    label: string,
    read: () => readonly (readonly [string, number])[],
  ) => void;
  /** A counter with these labels; what it returns adds one, for the values in the labels' order. */
  readonly count: (name: string, help: string, labels?: readonly string[]) => (...values: string[]) => void;
  readonly render: () => string;
}

//= prometheus exposition format: label values escape backslash, quote and line end
function labelled(names: readonly string[], values: readonly string[]): string {
  const escaped = (value: string) =>
    value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return names.map((name, index) => `${name}="${escaped(values[index] ?? '')}"`).join(',');
}

function within<V>(map: Map<string, V>, key: string, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

export function createMetrics(): Metrics {
  const series = new Map<string, Series>();
  const byWords = new Map<string, Map<string, Map<string, Series>>>();
  const gauges: { name: string; help: string; read: () => number }[] = [];
  const labelledGauges: {
    name: string;
    help: string;
    label: string;
    read: () => readonly (readonly [string, number])[];
  }[] = [];
  const counters: { name: string; help: string; values: Map<string, number> }[] = [];

  /** On every request's way: found by words that are there already, without making a text of them. */
  function seriesOf(operation: string, protocol: string, outcome: string): Series {
    const ofOperation = within(byWords, operation, () => new Map<string, Map<string, Series>>());
    const ofProtocol = within(ofOperation, protocol, () => new Map<string, Series>());
    return within(ofProtocol, outcome, () => {
      const made = { count: 0, sumMillis: 0, buckets: bucketsMillis.map(() => 0) };
      // the words are the code's own, and need no escapes
      series.set(`operation="${operation}",protocol="${protocol}",result="${outcome}"`, made);
      return made;
    });
  }

  function done(operation: string, protocol: string, outcome: string, millis: number): void {
    const found = seriesOf(operation, protocol, outcome);
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
    labelledGauge: (name, help, label, read) => void labelledGauges.push({ name, help, label, read }),
    count: (name, help, labels = []) => {
      const values = new Map<string, number>();
      if (labels.length === 0) values.set('', 0);
      counters.push({ name, help, values });
      return (...given) => {
        const key = labels.length === 0 ? '' : `{${labelled(labels, given)}}`;
        values.set(key, (values.get(key) ?? 0) + 1);
      };
    },
    render: () => {
      const lines: string[] = [];
      renderSeries(lines);
      for (const { name, help, read } of gauges) {
        lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, `${name} ${read()}`);
      }
      for (const { name, help, label, read } of labelledGauges) {
        lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`);
        for (const [of, value] of read()) lines.push(`${name}{${labelled([label], [of])}} ${value}`);
      }
      for (const { name, help, values } of counters) {
        lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} counter`);
        for (const [labels, value] of values) lines.push(`${name}${labels} ${value}`);
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
