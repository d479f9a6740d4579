/** A browser, and what the tests look at with it. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export class Browser {
  #browser;
  #shots;
  /** What the page's console complained of; the tests say in the end what they expected. */
  complaints = [];
  #step = '';

  /** @param {string} shots  folder for screenshots */
  static async open(shots) {
    mkdirSync(shots, { recursive: true });
    const browser = new Browser();
    browser.#shots = shots;
    browser.#browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox'],
    });
    return browser;
  }

  /** A page as nobody has used it before; ready: the server has said which models it has. */
  async page(url, { width = 1280, height = 800, colorScheme = 'light', ready = true } = {}) {
    const context = await this.#browser.newContext({ viewport: { width, height }, colorScheme });
    context.setDefaultTimeout(10000);
    const page = await context.newPage();
    page.on('pageerror', (error) => this.complaints.push(`${this.#step}: ${error}`));
    page.on('console', (said) => {
      if (said.type() === 'error' || said.type() === 'warning')
        this.complaints.push(`${this.#step}: ${said.text()}`);
    });
    await page.goto(url);
    if (ready) await page.locator('#model option').first().waitFor({ state: 'attached' });
    return page;
  }

  async step(name, run) {
    this.#step = name;
    const begin = performance.now();
    try {
      await run();
    } catch (error) {
      console.log([`not ok  ${name}`, error.stack, ...this.complaints].join('\n'));
      process.exit(1);
    }
    console.log(`ok      ${name} (${Math.round(performance.now() - begin)} ms)`);
  }

  shot(page, name) {
    return page.screenshot({ path: join(this.#shots, `${name}.png`) });
  }

  close() {
    return this.#browser.close();
  }
}

/** No rule of axe that is serious or critical is broken; milder ones are printed. */
export async function checkAxe(page, where) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document));
  const said = violations.map((v) => `${v.impact}: ${v.id}: ${v.nodes.map((n) => n.target).join(', ')}`);
  for (const line of said) console.log(`        axe, ${where}: ${line}`);
  assert.deepEqual(
    said.filter((line) => /^(serious|critical)/.test(line)),
    [],
    `axe in ${where}`,
  );
}

/** Nothing is wider than the window. */
export async function checkWidth(page, where) {
  const [inside, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(inside <= window, `${where}: ${inside} px wide in a window of ${window}`);
}

export async function say(page, text) {
  await page.locator('#prompt').fill(text);
  await page.locator('#prompt').press('Enter');
}

/** Waits until nothing is being written. */
export async function settled(page) {
  await page.locator('.message.live').waitFor({ state: 'detached' });
  await page.locator('#send').waitFor();
}

export const lastAnswer = (page) => page.locator('.message.assistant').last();

/** Options of the command line: --name VALUE. */
export function options(defaults) {
  const given = { ...defaults };
  for (let i = 2; i < process.argv.length; i += 2) {
    const name = process.argv[i].replace(/^--/, '');
    if (!(name in defaults))
      throw new Error(`${process.argv[i]}: options are --${Object.keys(defaults).join(', --')}`);
    given[name] = process.argv[i + 1];
  }
  return given;
}
