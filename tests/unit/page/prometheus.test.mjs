// Quantiles: what promtool (Prometheus 2.42) printed for histogram_quantile over the same buckets.
// The text: the example of Prometheus' "Exposition formats", section "Text format example".
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bucketsBetween,
  bucketsOf,
  gained,
  parseMetrics,
  quantile,
  valueOf,
} from '../../../web/page/prometheus.js';

const ESCAPED = String.raw`{path="C:\\DIR\\FILE.TXT",error="Cannot find file:\n\"FILE.TXT\""}`;

const EXAMPLE = `# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds${ESCAPED} 1.458255915e9

# Minimalistic line:
metric_without_timestamp_and_labels 12.47

# A weird metric from before the epoch:
something_weird{problem="division by zero"} +Inf -3982045

# A histogram, which has a pretty complex representation in the text format:
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.05"} 24054
http_request_duration_seconds_bucket{le="0.1"} 33444
http_request_duration_seconds_bucket{le="0.2"} 100392
http_request_duration_seconds_bucket{le="0.5"} 129389
http_request_duration_seconds_bucket{le="1"} 133988
http_request_duration_seconds_bucket{le="+Inf"} 144320
http_request_duration_seconds_sum 53423
http_request_duration_seconds_count 144320
`;

test('the example of the format', () => {
  const scrape = parseMetrics(EXAMPLE);
  assert.equal(valueOf(scrape, 'http_requests_total'), 1030);
  assert.equal(valueOf(scrape, 'http_requests_total', { code: '400' }), 3);
  assert.equal(valueOf(scrape, 'metric_without_timestamp_and_labels'), 12.47);
  assert.equal(valueOf(scrape, 'something_weird'), Infinity);
  assert.equal(valueOf(scrape, 'nothing'), null);
  const [{ labels }] = scrape.get('msdos_file_access_time_seconds');
  assert.deepEqual(labels, { path: 'C:\\DIR\\FILE.TXT', error: 'Cannot find file:\n"FILE.TXT"' });
});

test('what is not the format is refused by its line', () => {
  for (const bad of ['a', 'a b', 'a{b=c} 1', 'a{b="c} 1', '1a 1', 'a{b="c"d="e"} 1', 'a 1 x'])
    assert.throws(() => parseMetrics(`fine 1\n${bad}\n`), /line 2/, bad);
});

/** Buckets of a metric `x`, over two values of another label. */
function histogram(counts) {
  const bounds = ['0.01', '0.1', '1', '10', '+Inf'];
  const line = (api) => (count, i) => `x_bucket{api="${api}",le="${bounds[i]}"} ${count}`;
  return parseMetrics([...counts.map(line('a')), ...bounds.map((_, i) => line('b')(0, i))].join('\n'));
}

test('quantiles', () => {
  const buckets = bucketsOf(histogram([10, 40, 85, 96, 100]), 'x');
  for (const [q, want] of QUANTILES) assert.ok(Math.abs(quantile(buckets, q) - want) < 1e-9, `${q}`);
  assert.equal(quantile(bucketsOf(histogram([0, 0, 0, 0, 0]), 'x'), 0.5), null);
  assert.equal(quantile([], 0.5), null);
});

const QUANTILES = [
  [0, 0],
  [0.05, 0.005],
  [0.1, 0.01],
  [0.5, 0.3],
  [0.9, 5.090909090909091],
  [0.99, 10],
  [1, 10],
];

test('between two scrapes', () => {
  const before = histogram([10, 20, 20, 20, 20]);
  const after = histogram([10, 40, 60, 60, 60]);
  assert.deepEqual(
    bucketsBetween(after, before, 'x').map((b) => b.count),
    [0, 20, 40, 40, 40],
  );
  // 40 observations: half of them in (0.01, 0.1], half in (0.1, 1].
  assert.equal(quantile(bucketsBetween(after, before, 'x'), 0.5), 0.1);
  // Started anew: what is there is what came.
  assert.deepEqual(
    bucketsBetween(before, after, 'x').map((b) => b.count),
    [10, 20, 20, 20, 20],
  );
});

test('gains of a counter', () => {
  const scrape = (n) => parseMetrics(`c{api="a"} ${n}\nc{api="b"} 1`);
  assert.equal(gained(scrape(9), scrape(4), 'c'), 5);
  assert.equal(gained(scrape(2), scrape(40), 'c'), 3);
  assert.equal(gained(scrape(2), parseMetrics(''), 'c'), 3);
  assert.equal(gained(parseMetrics(''), scrape(2), 'c'), null);
});
