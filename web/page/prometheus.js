/**
 * Prometheus' text format, and what two scrapes of it say together.
 *
 * @typedef {{labels: Record<string, string>, value: number}} Sample
 * @typedef {Map<string, Sample[]>} Scrape
 * @typedef {{le: number, count: number}[]} Buckets   upper bounds, rising; counts, cumulative
 */

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?[ \t]+(\S+)(?:[ \t]+-?\d+)?[ \t]*$/;
const LABEL = /[ \t]*([a-zA-Z_]\w*)[ \t]*=[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*(?:,|$)/y;
const ESCAPES = { n: '\n', '\\': '\\', '"': '"' };

/** @param {string} text @returns {Scrape} */
export function parseMetrics(text) {
  const scrape = new Map();
  text.split('\n').forEach((line, index) => {
    if (/^\s*(#|$)/.test(line)) return;
    const [, name, labels, value] = SAMPLE.exec(line) ?? fail(index);
    if (!scrape.has(name)) scrape.set(name, []);
    scrape.get(name).push({ labels: parseLabels(labels ?? '', index), value: parseValue(value, index) });
  });
  return scrape;
}

function parseLabels(text, index) {
  const labels = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const [, name, value] = LABEL.exec(text) ?? fail(index);
    labels[name] = value.replace(/\\(.)/g, (all, c) => ESCAPES[c] ?? all);
  }
  return labels;
}

function parseValue(text, index) {
  const value = Number(text.replace(/^([+-]?)inf$/i, '$1Infinity'));
  return Number.isNaN(value) && !/^nan$/i.test(text) ? fail(index) : value;
}

function fail(index) {
  throw new Error(`/metrics, line ${index + 1}: not a sample of Prometheus' text format`);
}

/** The sum of a metric's samples that have these labels; null where there is none. */
export function valueOf(scrape, name, labels = {}) {
  const wanted = Object.entries(labels);
  const found = (scrape.get(name) ?? []).filter((s) =>
    wanted.every(([key, value]) => s.labels[key] === value),
  );
  return found.length ? found.reduce((sum, s) => sum + s.value, 0) : null;
}

/** What a counter gained between two scrapes; a counter that fell was started anew. */
export function gained(now, before, name, labels) {
  const value = valueOf(now, name, labels);
  const old = valueOf(before, name, labels) ?? 0;
  return value === null ? null : value >= old ? value - old : value;
}

/** A histogram's buckets, over all of its other labels. @returns {Buckets} */
export function bucketsOf(scrape, name) {
  const counts = new Map();
  for (const { labels, value } of scrape.get(`${name}_bucket`) ?? []) {
    const le = labels.le === '+Inf' ? Infinity : Number(labels.le);
    counts.set(le, (counts.get(le) ?? 0) + value);
  }
  return [...counts].map(([le, count]) => ({ le, count })).sort((a, b) => a.le - b.le);
}

/** The buckets of what came between two scrapes. */
export function bucketsBetween(now, before, name) {
  const old = new Map(bucketsOf(before, name).map((b) => [b.le, b.count]));
  const buckets = bucketsOf(now, name);
  const restarted = buckets.some((b) => b.count < (old.get(b.le) ?? 0));
  return restarted ? buckets : buckets.map(({ le, count }) => ({ le, count: count - (old.get(le) ?? 0) }));
}

/**
 * As Prometheus' histogram_quantile: linear within the bucket where it falls, the lowest beginning at 0;
 * the highest finite bound where it falls beyond. Null of nothing.
 * @param {Buckets} buckets @param {number} q 0..1
 */
export function quantile(buckets, q) {
  const total = buckets.at(-1)?.count ?? 0;
  if (total === 0 || buckets.length < 2) return null;
  const rank = q * total;
  const i = buckets.findIndex((b) => b.count >= rank);
  if (i === buckets.length - 1) return buckets[i - 1].le;
  const begin = i === 0 ? 0 : buckets[i - 1].le;
  const below = i === 0 ? 0 : buckets[i - 1].count;
  const inside = buckets[i].count - below;
  return inside === 0 ? begin : begin + ((buckets[i].le - begin) * (rank - below)) / inside;
}
