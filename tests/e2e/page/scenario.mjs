/**
 * What a person does with the page, against any server that has it.
 *
 *     node scenario.mjs --url http://127.0.0.1:8080/ --shots FOLDER
 *     node scenario.mjs --site BUILD/web/site --shots FOLDER              with the fake server
 *
 * --plain, --long and --tool are what is said to a model to have it answer at all, answer for more than a few
 * seconds, and call one of the tools of models/pocket/tools.json. --long-model: the one that answers long.
 */
import assert from 'node:assert/strict';
import { Browser, checkAxe, checkWidth, lastAnswer, options, say, settled } from './browser.mjs';
import { serve } from './fake_server.mjs';

const given = options({
  url: '',
  site: '',
  shots: 'shots',
  plain: 'Tell me about edges',
  long: 'Tell me an endless story',
  tool: 'turn on the kitchen light',
  'long-model': '',
});
const server = given.url ? null : await serve(given.site);
const url = given.url || server.url;
const browser = await Browser.open(given.shots);
const page = await browser.page(url);
const text = async (locator) => (await locator.innerText()).trim();
const chats = '**/v1/chat/completions';
/** Random weights now and then write the token that ends an answer; here it ends nothing. */
const ignoreEnd = (route) =>
  route.continue({ postData: JSON.stringify({ ...route.request().postDataJSON(), ignore_eos: true }) });
/** Has an answer written that goes on for long; the page asks the other model again afterwards. */
const sayLong = async (at) => {
  await at.unroute(chats);
  if (given['long-model']) await at.route(chats, ignoreEnd, { times: 1 });
  const model = at.locator('#model');
  const usual = await model.inputValue();
  if (given['long-model']) await model.selectOption(given['long-model']);
  await say(at, given.long);
  if (given['long-model']) await model.selectOption(usual);
};

await browser.step('an empty page', async () => {
  await page.locator('.empty').waitFor();
  assert.notEqual(await page.locator('#model').inputValue(), '');
  await browser.shot(page, 'empty');
});

await browser.step('chats, and nothing jumps', async () => {
  await page.evaluate(() => {
    window.shifted = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.shifted += entry.value;
    }).observe({ type: 'layout-shift' });
  });
  await say(page, given.plain);
  await lastAnswer(page).locator('.text').waitFor();
  await settled(page);
  assert.notEqual(await text(lastAnswer(page).locator('.text')), '');
  assert.match(await text(lastAnswer(page).locator('.facts')), /tokens.*tokens\/s.*first after/);
  // What web.dev's "Cumulative Layout Shift" calls good.
  assert.ok((await page.evaluate(() => window.shifted)) < 0.1);
  await browser.shot(page, 'answer');
});

await browser.step('stops in the middle of an answer', async () => {
  await sayLong(page);
  await lastAnswer(page).locator('.text').waitFor();
  await page.waitForTimeout(700);
  await browser.shot(page, 'writing');
  await page.keyboard.press('Escape');
  await settled(page);
  assert.match(await text(lastAnswer(page).locator('.facts')), /stopped/);
  const length = (await text(lastAnswer(page))).length;
  await page.waitForTimeout(300);
  assert.equal((await text(lastAnswer(page))).length, length);
});

await browser.step('follows what is written, but not when scrolled away', async () => {
  await sayLong(page);
  await lastAnswer(page).locator('.text').waitFor();
  // Near its end the page follows, so there must be more than that above; a busy machine writes slowly.
  const isLong = () => {
    const log = document.querySelector('#log');
    return log.scrollHeight - log.clientHeight > 400;
  };
  await page.waitForFunction(isLong, null, { timeout: 60000 });
  await page.locator('#log').evaluate((log) => (log.scrollTop = 0));
  const top = () =>
    page
      .locator('.message')
      .first()
      .evaluate((m) => m.getBoundingClientRect().top);
  const before = await top();
  await page.waitForTimeout(500);
  assert.equal(await top(), before);
  await page.locator('#log').evaluate((log) => (log.scrollTop = log.scrollHeight));
  await page.waitForTimeout(500);
  const left = await page
    .locator('#log')
    .evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight);
  assert.ok(left < 2, `${left} px below`);
  await page.locator('#stop').click();
  await settled(page);
});

await browser.step('reloads and finds the conversation', async () => {
  const before = await page.locator('.message .body').allInnerTexts();
  await page.reload();
  await page.locator('.message').first().waitFor();
  assert.deepEqual(await page.locator('.message .body').allInnerTexts(), before);
});

await browser.step('edits a message, and goes back to the first version', async () => {
  const first = page.locator('.message.user').first();
  await first.getByRole('button', { name: 'Edit' }).click();
  await page.getByLabel('Edited message').fill(`${given.plain}, please`);
  await page.getByRole('button', { name: 'Send' }).first().click();
  await lastAnswer(page).locator('.text').waitFor();
  await settled(page);
  assert.equal(await page.locator('.message').count(), 2);
  assert.match(await text(first.locator('.branches')), /2 of 2/);
  await first.getByRole('button', { name: 'Earlier version' }).click();
  assert.equal(await page.locator('.message').count(), 6);
  assert.equal(await text(first.locator('.body')), given.plain);
  await first.getByRole('button', { name: 'Later version' }).click();
});

await browser.step('regenerates an answer', async () => {
  await lastAnswer(page).getByRole('button', { name: 'Regenerate' }).click();
  await lastAnswer(page).locator('.branches').waitFor();
  await settled(page);
  assert.match(await text(lastAnswer(page).locator('.branches')), /2 of 2/);
});

await browser.step('sees a tool call, and gives its result', async () => {
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('button', { name: /home.s tools/ }).click();
  await page.locator('#tools-said', { hasText: /^\d+ tools$/ }).waitFor();
  await browser.shot(page, 'settings');
  await checkAxe(page, 'settings');
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('button', { name: 'New conversation' }).click();
  await say(page, given.tool);
  await page.locator('.call').first().waitFor();
  await settled(page);
  assert.match(await text(page.locator('.call code').first()), /^light_/);
  JSON.parse(await text(page.locator('.call pre').first()));
  await browser.shot(page, 'tool-call');
  await page
    .getByLabel(/^Result of/)
    .first()
    .fill('{"done": true}');
  await page.getByRole('button', { name: 'Send results' }).click();
  await page.locator('.message.tool').waitFor();
  await settled(page);
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByLabel('Offer these tools').uncheck();
  await page.getByRole('button', { name: 'Done' }).click();
});

await browser.step('lists, renames, exports and deletes conversations', async () => {
  const links = page.locator('#list a');
  assert.equal(await links.count(), 2);
  const menu = async (name) => {
    await page.locator('.menu summary').first().click();
    await page.locator('.menu[open]').getByRole('button', { name }).click();
  };
  await menu('Rename');
  await page.locator('#question-input').fill('Lights & more');
  await page.keyboard.press('Enter');
  await page.locator('#list').getByText('Lights & more').waitFor();
  await page.locator('.menu summary').first().click();
  await page.keyboard.press('Escape');
  await page.locator('.menu[open]').waitFor({ state: 'detached' });
  const [download] = await Promise.all([page.waitForEvent('download'), menu('Export')]);
  const chunks = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk);
  const exported = JSON.parse(Buffer.concat(chunks).toString());
  assert.equal(exported.title, 'Lights & more');
  assert.equal(exported.messages[1].content, given.tool);
  await page.reload();
  await menu('Delete');
  await page.locator('#question-yes').click();
  await page.locator('#list').getByText('Lights & more').waitFor({ state: 'detached' });
  assert.equal(await links.count(), 1);
  await links.first().click();
  await page.locator('.message').first().waitFor();
});

await browser.step('sees the numbers of the dashboard move', async () => {
  await page.getByRole('link', { name: 'Dashboard' }).click();
  const figure = (title) => page.locator('#tiles div', { hasText: title }).locator('dd').first();
  const speed = figure('Tokens per second');
  await speed.filter({ hasText: /\d/ }).waitFor();
  const other = await browser.page(url);
  await sayLong(other);
  const seen = new Set();
  for (let i = 0; i < 100 && seen.size < 3; i++) {
    const now = await text(speed);
    if (Number(now) > 0) seen.add(now);
    await page.waitForTimeout(100);
  }
  assert.ok(seen.size >= 3, `tokens/s: ${[...seen]}`);
  for (const title of ['Gap between tokens', 'Time to first token'])
    assert.match(await text(figure(title)), /^[\d.]+\s(ms|µs|s)$/, title);
  assert.notEqual(await text(page.locator('#engine')), '');
  await browser.shot(page, 'dashboard');
  await other.keyboard.press('Escape');
  await settled(other);
  await other.getByRole('link', { name: 'Dashboard' }).click();
  await other.getByRole('link', { name: 'Chat' }).click();
  await other.locator('.message').first().waitFor();
  await other.close();
});

await browser.step('axe, both views and both themes', async () => {
  for (const theme of ['Light', 'Dark']) {
    while (!(await text(page.locator('#theme'))).endsWith(theme)) await page.locator('#theme').click();
    await checkAxe(page, `dashboard, ${theme}`);
    if (theme === 'Dark') await browser.shot(page, 'dashboard-dark');
    await page.getByRole('link', { name: 'Chat' }).click();
    await page.locator('.message').first().waitFor();
    await checkAxe(page, `chat, ${theme}`);
    if (theme === 'Dark') await browser.shot(page, 'answer-dark');
    await page.getByRole('link', { name: 'Dashboard' }).click();
  }
});

await browser.step('a phone', async () => {
  const phone = await browser.page(url, { width: 360, height: 720, colorScheme: 'dark' });
  await say(phone, given.plain);
  await lastAnswer(phone).locator('.text').waitFor();
  await settled(phone);
  await checkWidth(phone, 'chat');
  await checkAxe(phone, 'chat on a phone');
  await browser.shot(phone, 'phone-chat');
  await phone.getByRole('button', { name: 'Conversations' }).click();
  await phone.locator('#list a').first().waitFor();
  await browser.shot(phone, 'phone-list');
  await phone.keyboard.press('Escape');
  await phone.getByRole('button', { name: 'Settings' }).click();
  await checkWidth(phone, 'settings');
  await browser.shot(phone, 'phone-settings');
  await phone.keyboard.press('Escape');
  await phone.getByRole('link', { name: 'Dashboard' }).click();
  await phone.waitForTimeout(1500);
  await checkWidth(phone, 'dashboard');
  await checkAxe(phone, 'dashboard on a phone');
  await browser.shot(phone, 'phone-dashboard');
});

await browser.step('the keyboard alone', async () => {
  const fresh = await browser.page(url);
  /** Goes on by Tab until something of this name has the focus, which can be seen. */
  const tabTo = async (name) => {
    for (let i = 0; i < 40; i++) {
      await fresh.keyboard.press('Tab');
      const [label, outline] = await fresh.evaluate(() => {
        const at = document.activeElement;
        const label = at.getAttribute('aria-label') ?? at.labels?.[0]?.textContent ?? at.textContent;
        const box = at.closest('.composer') ?? at;
        return [label.trim(), getComputedStyle(at).outlineStyle !== 'none' || box !== at];
      });
      assert.ok(outline, `${label} shows no focus`);
      if (label === name) return;
    }
    assert.fail(`Tab does not reach ${name}`);
  };
  await tabTo('Dashboard');
  await tabTo('Theme: Auto');
  await tabTo('New conversation');
  await tabTo('Message');
  await fresh.keyboard.type('Tell me, ');
  await fresh.keyboard.press('Shift+Enter');
  await fresh.keyboard.type(given.plain);
  await fresh.keyboard.press('Enter');
  await lastAnswer(fresh).locator('.text').waitFor();
  await settled(fresh);
  await tabTo('Model');
  await fresh.keyboard.press('ArrowDown');
  await fresh.reload();
  await lastAnswer(fresh).waitFor();
  await tabTo('Messages');
  await tabTo('Edit');
  await fresh.keyboard.press('Enter');
  await fresh.keyboard.type(' again');
  await fresh.keyboard.press('Enter');
  await settled(fresh);
  await fresh.getByText('2 of 2').waitFor();
});

assert.deepEqual(browser.complaints, []);
await browser.close();
server?.close();
