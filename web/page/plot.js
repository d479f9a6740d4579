/** Lines over the last minutes. */
import uPlot from './lib/uplot.js';
import { h } from './dom.js';

const HEIGHT = 150;

const clock = (time) => new Date(time * 1000).toLocaleTimeString('en', { hour12: false });

export class Plot {
  #lines;
  #format;
  #least;
  #box = h('div', { class: 'canvas' });
  #values;
  #plot = null;
  #data;

  /**
   * @param {string} title
   * @param {string[]} lines  their names
   * @param {(value: number) => string} format
   * @param {number} least  how far the axis goes at least
   */
  constructor(title, lines, format, least) {
    this.#lines = lines;
    this.#format = format;
    this.#least = least;
    this.#data = [[], ...lines.map(() => [])];
    this.#values = lines.map(() => h('b', {}, '–'));
    const legend = lines.map((line, i) =>
      h('span', { class: `line-${i}` }, h('i'), `${line} `, this.#values[i]),
    );
    // The canvas is for the eye; the legend says the same in words.
    this.#box.setAttribute('aria-hidden', 'true');
    this.element = h('figure', {}, h('figcaption', {}, h('h2', {}, title), ...legend), this.#box);
    new ResizeObserver(() => this.#resize()).observe(this.#box);
  }

  /** @param {number[]} times  seconds @param {(number|null)[][]} columns  one per line */
  show(times, columns) {
    this.#data = [times, ...columns];
    columns.forEach((column, i) => (this.#values[i].textContent = this.#format(column.at(-1))));
    this.#plot?.setData(this.#data);
  }

  /** Takes colours anew from the style sheet. */
  restyle() {
    this.#plot?.destroy();
    this.#plot = null;
    this.#resize();
  }

  #resize() {
    const width = this.#box.clientWidth;
    if (width === 0) return;
    if (this.#plot) this.#plot.setSize({ width, height: HEIGHT });
    else this.#plot = new uPlot(this.#options(width), this.#data, this.#box);
  }

  #options(width) {
    const color = (selector) => getComputedStyle(this.element.querySelector(selector)).color;
    const faint = color('figcaption');
    const axis = { stroke: faint, font: '11px system-ui', ticks: { show: false } };
    const grid = { stroke: color('.canvas'), width: 1 };
    return {
      width,
      height: HEIGHT,
      legend: { show: false },
      cursor: { show: false },
      padding: [8, 4, 0, 0],
      scales: { y: { range: (_, low, high) => [0, Math.max(high, this.#least) * 1.1] } },
      axes: [
        {
          ...axis,
          grid: { show: false },
          space: 80,
          size: 30,
          gap: 8,
          values: (_, ticks) => ticks.map(clock),
        },
        { ...axis, grid, size: 62, space: 34, values: (_, ticks) => ticks.map((tick) => this.#format(tick)) },
      ],
      series: [
        {},
        ...this.#lines.map((_, i) => ({
          stroke: color(`.line-${i} i`),
          width: 1.5,
          points: { show: false },
        })),
      ],
    };
  }
}
