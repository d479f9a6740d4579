/**
 * Servers that break off, refuse, answer nonsense or pass on hostile text: by the fake server.
 *
 *     node faults.mjs --site BUILD/web/site --shots FOLDER
 */
import assert from 'node:assert/strict';
import { Browser, checkAxe, lastAnswer, options, say, settled } from './browser.mjs';
import { serve } from './fake_server.mjs';

const given = options({ site: '', shots: 'shots' });
const server = await serve(given.site);
const browser = await Browser.open(given.shots);
const page = await browser.page(server.url);
const error = () => lastAnswer(page).locator('.error');

async function expectError(text, ...patterns) {
  await say(page, text);
  await error().waitFor();
  await settled(page);
  const shown = await error().innerText();
  for (const pattern of patterns) assert.match(shown, pattern);
}

await browser.step('a refusal is shown in full, and can be tried again', async () => {
  await expectError('busy', /queue of 256 requests is full/, /HTTP 429/, /rate_limit_error/);
  await browser.shot(page, 'error');
  await checkAxe(page, 'an error');
  await error().getByRole('button', { name: 'Try again' }).click();
  await error().waitFor();
  await settled(page);
  assert.equal(await page.locator('.message').count(), 2);
});

await browser.step('a connection that breaks: what came stays', async () => {
  await expectError('break', /connection (broke|ended)/);
  assert.match(await lastAnswer(page).locator('.text').innerText(), /This will/);
});

await browser.step('an error within the stream', async () => {
  await expectError('fault', /model file has vanished/, /server_error/);
});

await browser.step('nonsense within the stream', async () => {
  await expectError('nonsense', /not JSON/);
});

await browser.step('reasoning is folded', async () => {
  await say(page, 'think');
  await lastAnswer(page).locator('.text').last().waitFor();
  await settled(page);
  assert.equal(await lastAnswer(page).locator('details.reasoning').getAttribute('open'), null);
  assert.match(await lastAnswer(page).innerText(), /So it is 42/);
});

await browser.step('hostile text stays text', async () => {
  await say(page, 'hostile');
  await settled(page);
  const body = lastAnswer(page).locator('.body');
  assert.equal(await page.evaluate(() => window.broken), undefined);
  assert.equal(await body.locator('script, img, svg, form, style, input, [style], [id], .notice').count(), 0);
  const links = await body.locator('a').evaluateAll((all) => all.map((a) => [a.getAttribute('href'), a.rel]));
  assert.deepEqual(
    links.filter(([href]) => href),
    [['https://example.org/x.png', 'noopener noreferrer']],
  );
  await browser.shot(page, 'hostile');
});

await browser.step('a long answer stays fast', async () => {
  await page.evaluate(() => {
    window.longest = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.longest = Math.max(window.longest, entry.duration);
    }).observe({ type: 'longtask' });
  });
  await say(page, 'long');
  await lastAnswer(page).locator('.text').waitFor();
  await settled(page);
  assert.equal(await lastAnswer(page).locator('.code').count(), 100);
  assert.equal(await lastAnswer(page).locator('.code-head span').first().innerText(), 'c');
  const longest = await page.evaluate(() => window.longest);
  console.log(`        longest task: ${longest} ms`);
  assert.ok(longest < 500);
});

await browser.step('a key is asked for, and forgotten with the tab', async () => {
  const locked = await serve(given.site, 0, 'sesame');
  const visitor = await browser.page(locked.url, { ready: false });
  await visitor.locator('#notice', { hasText: 'API key in Settings' }).waitFor();
  await visitor.getByRole('button', { name: 'Settings' }).click();
  await visitor.getByLabel('API key').fill('sesame');
  await visitor.keyboard.press('Enter');
  await visitor.locator('#model option').first().waitFor({ state: 'attached' });
  await visitor.locator('#notice').waitFor({ state: 'hidden' });
  await say(visitor, 'hello');
  await settled(visitor);
  assert.equal(await visitor.locator('.error').count(), 0);
  assert.ok(!JSON.stringify(await visitor.context().storageState()).includes('sesame'));
  locked.close();
});

await browser.step('a server that is gone', async () => {
  server.close();
  await expectError('hello', /cannot be reached/);
  await page.getByRole('link', { name: 'Dashboard' }).click();
  await page.locator('#dashboard-notice', { hasText: 'cannot be reached' }).waitFor();
});

// Only what the browser says of requests that were made to fail, and of hostile text that was made harmless.
const EXPECTED = /Failed to load resource|^hostile .*violates the following Content Security Policy/;
assert.deepEqual(
  browser.complaints.filter((line) => !EXPECTED.test(line)),
  [],
);
await browser.close();
