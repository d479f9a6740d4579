/** The server's figures as they change: /metrics each second, while it is shown. */
import { byId, h } from './dom.js';
import { Plot } from './plot.js';
import { bucketsBetween, gained, parseMetrics, quantile, valueOf } from './prometheus.js';
import { readMetrics, readProps } from './server.js';
import { bytes, number, seconds } from './units.js';

const POLL_MS = 1000;
/** Quantiles are of what came within so many polls. */
const WINDOW = 10;
/** What the plots show. */
const KEPT = 300;

/** @typedef {{at: number, scrape: import('./prometheus.js').Scrape}} Reading */
/** @typedef {(now: Reading, last: Reading, first: Reading) => number|null} Figure  first: of the window */

const rate = (name) => (now, last) => {
  const gain = gained(now.scrape, last.scrape, name);
  return gain === null || now === last ? null : gain / (now.at - last.at);
};
const latency = (name, q) => (now, _, first) => quantile(bucketsBetween(now.scrape, first.scrape, name), q);
const gauge = (name, labels) => (now) => valueOf(now.scrape, name, labels);

/** @type {Record<string, Figure>} */
const FIGURES = {
  generated: rate('edgewise_tokens_generated_total'),
  prompt: rate('edgewise_prompt_tokens_total'),
  firstP50: latency('edgewise_time_to_first_token_seconds', 0.5),
  firstP99: latency('edgewise_time_to_first_token_seconds', 0.99),
  gapP50: latency('edgewise_token_gap_seconds', 0.5),
  gapP99: latency('edgewise_token_gap_seconds', 0.99),
  queueP99: latency('edgewise_queue_seconds', 0.99),
  wholeP50: latency('edgewise_request_seconds', 0.5),
  wholeP99: latency('edgewise_request_seconds', 0.99),
  running: gauge('edgewise_requests_running'),
  queued: gauge('edgewise_requests_queued'),
  requests: gauge('edgewise_requests_total'),
  resident: gauge('edgewise_memory_bytes', { kind: 'resident' }),
  weights: gauge('edgewise_memory_bytes', { kind: 'weights' }),
  state: gauge('edgewise_memory_bytes', { kind: 'state' }),
  cache: gauge('edgewise_memory_bytes', { kind: 'cache' }),
  hits: gauge('edgewise_cache_hits_total'),
  hitsMemory: gauge('edgewise_cache_hits_total', { where: 'memory' }),
  hitsDisk: gauge('edgewise_cache_hits_total', { where: 'disk' }),
  disk: gauge('edgewise_cache_bytes', { where: 'disk' }),
  promptEver: gauge('edgewise_prompt_tokens_total'),
  cachedEver: gauge('edgewise_prompt_tokens_cached_total'),
};

/** Title, what it says in large, and in small. */
const TILES = [
  ['Tokens per second', (f) => number(f.generated), (f) => `prompts ${number(f.prompt)}/s`],
  ['Time to first token', (f) => seconds(f.firstP50), (f) => `p99 ${seconds(f.firstP99)}`],
  ['Gap between tokens', (f) => seconds(f.gapP50), (f) => `p99 ${seconds(f.gapP99)}`],
  [
    'Running',
    (f) => number(f.running),
    (f) => `${number(f.queued)} queued, p99 of waiting ${seconds(f.queueP99)}`,
  ],
  ['Requests', (f) => number(f.requests), (f) => `lately ${seconds(f.wholeP50)} each`],
  [
    'Memory',
    (f) => bytes(f.resident),
    (f) => `weights ${bytes(f.weights)}, state ${bytes(f.state)}, cache ${bytes(f.cache)}`,
  ],
  [
    'Prefix cache hits',
    (f) => number(f.hits),
    (f) => `memory ${number(f.hitsMemory)}, disk ${number(f.hitsDisk)} (${bytes(f.disk)} there)`,
  ],
  [
    'Prompt from the cache',
    (f) => (f.promptEver ? `${number((100 * f.cachedEver) / f.promptEver)} %` : '–'),
    (f) => `${number(f.cachedEver)} of ${number(f.promptEver)} tokens`,
  ],
];

/** Title, lines as [name, figure], how values are written, how far the axis goes at least. */
const PLOTS = [
  [
    'Tokens per second',
    [
      ['generated', 'generated'],
      ['prompts', 'prompt'],
    ],
    number,
    1,
  ],
  [
    'Time to first token',
    [
      ['p50', 'firstP50'],
      ['p99', 'firstP99'],
    ],
    seconds,
    0.001,
  ],
  [
    'Gap between tokens',
    [
      ['p50', 'gapP50'],
      ['p99', 'gapP99'],
    ],
    seconds,
    0.001,
  ],
  [
    'Requests',
    [
      ['running', 'running'],
      ['queued', 'queued'],
    ],
    number,
    1,
  ],
  [
    'Whole requests',
    [
      ['p50', 'wholeP50'],
      ['p99', 'wholeP99'],
    ],
    seconds,
    0.001,
  ],
  [
    'Memory',
    [
      ['resident', 'resident'],
      ['cache', 'cache'],
    ],
    bytes,
    1e6,
  ],
];

export class Dashboard {
  #shown = false;
  #timer = 0;
  /** @type {Reading[]} of the window, oldest first */
  #readings = [];
  #times = [];
  /** @type {Record<string, number|null>[]} a row per time */
  #rows = [];
  #tiles = TILES.map(() => ({ large: h('dd', {}, '–'), small: h('dd', { class: 'small' }) }));
  #plots = PLOTS.map(
    ([title, lines, ...axis]) =>
      new Plot(
        title,
        lines.map(([name]) => name),
        ...axis,
      ),
  );
  #engine = '';

  constructor() {
    const tiles = TILES.map(([title], i) =>
      h('div', {}, h('dt', {}, title), ...Object.values(this.#tiles[i])),
    );
    byId('tiles').append(...tiles);
    byId('plots').append(...this.#plots.map((plot) => plot.element));
  }

  start() {
    if (this.#shown) return;
    this.#shown = true;
    this.#poll();
  }

  stop() {
    this.#shown = false;
    clearTimeout(this.#timer);
  }

  restyle() {
    for (const plot of this.#plots) plot.restyle();
  }

  async #poll() {
    const begin = performance.now();
    if (!document.hidden) await this.#read();
    if (this.#shown) this.#timer = setTimeout(() => this.#poll(), begin + POLL_MS - performance.now());
  }

  async #read() {
    try {
      const scrape = parseMetrics(await readMetrics());
      this.#take({ at: performance.now() / 1000, scrape });
      await this.#showEngine(scrape);
      this.#say('');
    } catch (error) {
      this.#say(error.message);
    }
  }

  #say(text) {
    byId('dashboard-notice').textContent = text;
    byId('dashboard-notice').hidden = text === '';
  }

  /** @param {Reading} now */
  #take(now) {
    const last = this.#readings.at(-1) ?? now;
    // Figures of what lies before a pause would be figures of the pause.
    const paused = now.at - last.at > (WINDOW * POLL_MS) / 1000;
    this.#readings = [...(paused ? [] : this.#readings), now].slice(-WINDOW - 1);
    const row = {};
    for (const [name, figure] of Object.entries(FIGURES))
      row[name] = figure(now, paused ? now : last, this.#readings[0]);
    this.#times = [...this.#times, Date.now() / 1000].slice(-KEPT);
    this.#rows = [...this.#rows, row].slice(-KEPT);
    this.#show(row);
  }

  #show(row) {
    TILES.forEach(([, large, small], i) => {
      this.#tiles[i].large.textContent = large(row);
      this.#tiles[i].small.textContent = small(row);
    });
    PLOTS.forEach(([, lines], i) => {
      this.#plots[i].show(
        this.#times,
        lines.map(([, name]) => this.#rows.map((r) => r[name])),
      );
    });
  }

  /** What does not change while a model is loaded: asked for again when the metrics name others. */
  async #showEngine(scrape) {
    const models = (scrape.get('edgewise_engine_info') ?? []).map((sample) => sample.labels);
    const engine = JSON.stringify(models);
    if (engine === this.#engine) return;
    const props = await readProps();
    this.#engine = engine;
    const pairs = [];
    for (const { model, cpu_level, weights, threads } of models)
      pairs.push(['Model', model], ['CPU level', cpu_level], ['Weights', weights], ['Threads', threads]);
    const context = props.default_generation_settings?.n_ctx;
    pairs.push(['Context', context && `${number(context)} tokens`]);
    pairs.push(['At once', props.total_slots && number(props.total_slots)]);
    pairs.push(['File', props.model_path], ['Build', props.build_info]);
    const known = pairs.filter(([, value]) => value);
    byId('engine').replaceChildren(
      ...known.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]),
    );
  }
}
