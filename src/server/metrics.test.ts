import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createMetrics } from './metrics.ts';

const sampleForm =
  /^[a-z_:][a-z0-9_:]*(\{[a-z_]+="(?:[^"\\\n]|\\["\\n])*"(,[a-z_]+="(?:[^"\\\n]|\\["\\n])*")*\})? -?[0-9.]+(e-?[0-9]+)?$/;

/** The samples of a page, after a check of its every line against the text format. */
function samplesOf(page: string): ReadonlyMap<string, number> {
  assert.ok(page.endsWith('\n'));
  const samples = new Map<string, number>();
  const types = new Set<string>();
  for (const line of page.trimEnd().split('\n')) {
    const [, kind, name = ''] = /^# (HELP|TYPE) (\S+) ./.exec(line) ?? [];
    if (kind === 'TYPE') {
      assert.ok(!types.has(name), `${name} has two types`);
      types.add(name);
      continue;
    }
    if (kind === 'HELP') continue;
    assert.match(line, sampleForm);
    const at = line.lastIndexOf(' ');
    const key = line.slice(0, at);
    assert.ok(!samples.has(key), `${key} stands twice`);
    const base = key.replace(/\{.*$/, '');
    assert.ok(
      types.has(base) || types.has(base.replace(/_(bucket|sum|count)$/, '')),
      `${base} has no type before it`,
    );
    samples.set(key, Number(line.slice(at + 1)));
  }
  return samples;
}

it('a page without anything is valid', () => {
  assert.ok(samplesOf(createMetrics().render()).has('process_resident_memory_bytes'));
});

it('operations are a histogram: buckets add up, sum and count agree', () => {
  const metrics = createMetrics();
  for (const millis of [0.2, 0.5, 3, 99_999]) metrics.done('keys.encrypt', 'aws-kms', 'success', millis);
  metrics.done('keys.encrypt', 'aws-kms', 'access-denied', 1);
  const samples = samplesOf(metrics.render());
  const name = 'claviger_operation_duration_seconds';
  const labels = 'operation="keys.encrypt",protocol="aws-kms",result="success"';
  const bucket = (le: string) => samples.get(`${name}_bucket{${labels},le="${le}"}`);
  assert.deepEqual(
    [bucket('0.0005'), bucket('0.0025'), bucket('0.005'), bucket('5'), bucket('+Inf')],
    [2, 2, 3, 3, 4],
  );
  assert.equal(samples.get(`${name}_count{${labels}}`), 4);
  assert.ok(Math.abs((samples.get(`${name}_sum{${labels}}`) ?? 0) - 100.0027) < 1e-6);
  assert.equal(
    samples.get(`${name}_count{operation="keys.encrypt",protocol="aws-kms",result="access-denied"}`),
    1,
  );
});

it('counters and gauges say what they hold, with any label', () => {
  const metrics = createMetrics();
  const plain = metrics.count('a_total', 'Plain.');
  const labelled = metrics.count('b_total', 'Labelled.', ['protocol', 'reason']);
  metrics.gauge('c', 'A gauge.', () => 7);
  plain();
  plain();
  labelled('aws-kms', 'x');
  labelled('native', 'quote " back \\ line \n end');
  labelled('aws-kms', 'x');
  const samples = samplesOf(metrics.render());
  assert.equal(samples.get('a_total'), 2);
  assert.equal(samples.get('b_total{protocol="aws-kms",reason="x"}'), 2);
  assert.equal(samples.get('b_total{protocol="native",reason="quote \\" back \\\\ line \\n end"}'), 1);
  assert.equal(samples.get('c'), 7);
});
