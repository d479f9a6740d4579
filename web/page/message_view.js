/** One message on the screen. */
import { details, summary } from './facts.js';
import { GrowingMarkdown } from './markdown.js';
import { copyButton, h } from './dom.js';

/**
 * What can be done with a message, by the chat; and `say`, for those who do not see it.
 * @typedef {{edit: (message, text: string) => void, again: (message) => void,
 *            branch: (message, step: number) => void, sends: (event: KeyboardEvent) => boolean,
 *            say: (text: string) => void}} Actions
 */
export class MessageView {
  #message;
  #actions;
  #body = h('div', { class: 'body' });
  #footer = h('footer');
  #text = null;
  #reasoning = null;
  #calls = [];

  /** @param {import('./conversation.js').Message} message @param {Actions} actions */
  constructor(message, actions) {
    this.#message = message;
    this.#actions = actions;
    const name = { user: 'You', assistant: 'Answer', tool: 'Result' }[message.role];
    this.element = h(
      'article',
      { class: `message ${message.role}`, 'aria-label': name },
      h('h2', { class: 'unseen' }, name),
      this.#body,
      this.#footer,
    );
    if (message.role === 'assistant') this.draw();
    else this.#body.append(h('p', { class: 'plain' }, message.content));
  }

  /** Shows what the message says by now. */
  draw() {
    const { content, reasoning, calls } = this.#message;
    if (reasoning) this.#drawReasoning(reasoning);
    if (content) {
      if (!this.#text) {
        const element = h('div', { class: 'text' });
        this.#body.insertBefore(element, this.#calls[0]?.element ?? null);
        this.#text = new GrowingMarkdown(element, this.#actions.say);
      }
      this.#text.set(content);
    }
    calls?.forEach((call, i) => this.#drawCall(call, i));
  }

  #drawReasoning(text) {
    if (!this.#reasoning) {
      const inside = h('div', { class: 'text' });
      const element = h('details', { class: 'reasoning' }, h('summary', {}, 'Reasoning'), inside);
      this.#body.prepend(element);
      this.#reasoning = { element, markdown: new GrowingMarkdown(inside) };
    }
    this.#reasoning.markdown.set(text);
  }

  #drawCall(call, i) {
    if (!this.#calls[i]) {
      const name = h('code');
      const given = h('pre', { tabindex: 0, 'aria-label': 'Arguments' });
      const title = h('p', {}, 'calls ', name);
      const element = h('section', { class: 'call', 'aria-label': 'Tool call' }, title, given);
      this.#body.append(element);
      this.#calls[i] = { element, name, given };
    }
    this.#calls[i].name.textContent = call.name;
    this.#calls[i].given.textContent = indented(call.arguments);
  }

  /**
   * Shows what there is beside the text: facts, error, buttons.
   * @param {{live: boolean, index: number, count: number}} state  live: being written
   */
  settle({ live, index, count }) {
    this.element.classList.toggle('live', live);
    this.element.querySelector('.error')?.remove();
    if (this.#message.error && !live) this.#body.append(this.#error(this.#message.error));
    this.#footer.replaceChildren(
      ...(live ? [h('span', { class: 'facts' }, 'writing')] : this.#about(index, count)),
    );
  }

  #about(index, count) {
    const { role, facts, error } = this.#message;
    const parts = [];
    if (role === 'assistant') {
      const line = facts ? summary(facts) : error ? '' : 'cut off: the page was closed';
      parts.push(h('span', { class: 'facts' }, line));
      if (facts) parts.push(this.#details(facts));
    }
    parts.push(h('span', { class: 'space' }));
    if (count > 1) parts.push(this.#branches(index, count));
    if (role === 'assistant')
      parts.push(this.#button('Regenerate', () => this.#actions.again(this.#message)));
    if (role === 'user') parts.push(this.#button('Edit', () => this.#edit()));
    parts.push(copyButton(() => this.#message.content));
    return parts;
  }

  #button(text, onclick, label) {
    return h('button', { type: 'button', class: 'quiet', onclick, 'aria-label': label }, text);
  }

  #details(facts) {
    const pairs = details(facts).flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]);
    return h('details', { class: 'more' }, h('summary', {}, 'more'), h('dl', { class: 'pairs' }, ...pairs));
  }

  #branches(index, count) {
    const step = (by) => () => this.#actions.branch(this.#message, by);
    const before = this.#button('‹', step(-1), 'Earlier version');
    const after = this.#button('›', step(1), 'Later version');
    before.disabled = index === 0;
    after.disabled = index === count - 1;
    return h('span', { class: 'branches' }, before, `${index + 1} of ${count}`, after);
  }

  #error({ message, status, type, code, body }) {
    const about = [status && `HTTP ${status}`, type, code !== status && code].filter(Boolean).join(' · ');
    const whole = body
      ? h('details', {}, h('summary', {}, 'All that it said'), h('pre', { tabindex: 0 }, body))
      : null;
    return h(
      'div',
      { class: 'error', role: 'alert' },
      h('p', { class: 'plain' }, message),
      about ? h('p', { class: 'facts' }, about) : null,
      whole,
      h('button', { type: 'button', onclick: () => this.#actions.again(this.#message) }, 'Try again'),
    );
  }

  #edit() {
    const area = h('textarea', { 'aria-label': 'Edited message', rows: 3 });
    area.value = this.#message.content;
    const shown = [...this.#body.childNodes];
    const close = () => {
      this.#body.replaceChildren(...shown);
      this.#footer.hidden = false;
      this.#footer.querySelector('button')?.focus();
    };
    const send = () => {
      close();
      this.#actions.edit(this.#message, area.value);
    };
    area.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') close();
      else if (this.#actions.sends(event)) send();
      else return;
      event.preventDefault();
    });
    const buttons = h(
      'div',
      { class: 'bar' },
      h('span', { class: 'space' }),
      this.#button('Cancel', close),
      h('button', { type: 'button', class: 'strong', onclick: send }, 'Send'),
    );
    this.#footer.hidden = true;
    this.#body.replaceChildren(area, buttons);
    area.focus();
  }
}

function indented(json) {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json; // not whole yet, or not JSON: as it came
  }
}
