/** The conversation on the screen: messages, what is being written, and the composer. */
import { Answer } from './answer.js';
import * as tree from './conversation.js';
import { byId, h } from './dom.js';
import { factsOf } from './facts.js';
import { MessageView } from './message_view.js';
import { resultForm } from './result_form.js';
import { ServerError, streamChat } from './server.js';
import { requestFields, settings } from './settings.js';
import { saveConversation } from './store.js';

const SAVE_EVERY_MS = 1000;
/** Nearer to the end than this, the view follows what is written. */
const FOLLOW_PX = 48;

export class ChatView {
  /** @type {tree.Conversation} */
  #conversation = null;
  /** @type {Map<number, MessageView>} */
  #views = new Map();
  /** What is being written: one answer at a time. */
  #live = null;
  #follows = true;
  #forgotten = '';
  #onSaved;
  #log = byId('log');
  #prompt = byId('prompt');

  /** @param {(conversation: tree.Conversation) => void} onSaved */
  constructor(onSaved) {
    this.#onSaved = onSaved;
    this.#log.addEventListener('scroll', () => (this.#follows = this.#atEnd()), { passive: true });
    byId('composer').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#send();
    });
    this.#prompt.addEventListener('keydown', (event) => {
      if (!this.#sends(event)) return;
      event.preventDefault();
      this.#send();
    });
    byId('stop').addEventListener('click', () => this.stop());
    window.addEventListener('pagehide', () => this.#live && this.#keep(this.#live.conversation));
  }

  get id() {
    return this.#conversation?.id;
  }

  /** The conversation of this id as it is here, which may be ahead of what is stored. */
  known(id) {
    return [this.#conversation, this.#live?.conversation].find((conversation) => conversation?.id === id);
  }

  /** @param {tree.Conversation} conversation */
  show(conversation) {
    this.#conversation = conversation;
    this.#views.clear();
    this.#follows = true;
    this.say('');
    this.#update();
  }

  /** @returns {boolean} whether there was anything to stop */
  stop() {
    this.#live?.abort.abort();
    return this.#live !== null;
  }

  /** A conversation was deleted: it is not kept again. */
  forget(id) {
    this.#forgotten = id;
    if (this.#live?.conversation.id === id) this.stop();
  }

  focus() {
    this.#prompt.focus();
  }

  /** Shows what is wrong, or nothing. */
  say(text) {
    byId('notice').textContent = text;
    byId('notice').hidden = text === '';
  }

  #sends(event) {
    if (event.key !== 'Enter' || event.isComposing || event.shiftKey) return false;
    return settings.sendWith === 'enter' || event.ctrlKey || event.metaKey;
  }

  #send() {
    const content = this.#prompt.value;
    if (this.#live || content.trim() === '' || !this.#fields()) return;
    this.#prompt.value = '';
    this.#ask({ role: 'user', content });
  }

  /** What the settings add to a request; null after having said what is wrong with them. */
  #fields() {
    try {
      return requestFields();
    } catch (error) {
      this.say(`The tools in the settings cannot be used: ${error.message}`);
      return null;
    }
  }

  #ask(message, parent = this.#conversation.leaf) {
    const { id } = tree.addMessage(this.#conversation, message, parent);
    this.#answer(id);
  }

  #sendResults(calls, results) {
    let parent = this.#conversation.leaf;
    calls.forEach((call, i) => {
      const result = { role: 'tool', callId: call.id, content: results[i] };
      parent = tree.addMessage(this.#conversation, result, parent).id;
    });
    this.#answer(parent);
  }

  #actions = {
    edit: (message, text) => {
      if (!this.#live && text.trim() !== '') this.#ask({ role: 'user', content: text }, message.parent);
    },
    again: (message) => {
      if (this.#live) return;
      const { leaf } = this.#conversation;
      if (message.error && !message.content && message.id === leaf)
        tree.removeMessage(this.#conversation, message);
      this.#answer(message.parent);
    },
    branch: (message, step) => {
      const all = tree.siblings(this.#conversation, message);
      const other = all[all.indexOf(message) + step];
      tree.showBranch(this.#conversation, other);
      this.#update();
      this.#views.get(other.id).element.querySelector('.branches button:enabled')?.focus();
      this.#keep(this.#conversation);
    },
    sends: (event) => this.#sends(event),
    say: (text) => {
      if (this.#live) byId('status').textContent = text;
    },
  };

  /** Has a message of the user, or a tool's result, answered. */
  async #answer(parent) {
    const fields = this.#fields();
    if (!fields) return;
    const conversation = this.#conversation;
    const messages = tree.apiMessages(conversation, parent, settings.system);
    const message = tree.addMessage(conversation, { role: 'assistant', content: '' }, parent);
    this.#live = { conversation, message, abort: new AbortController() };
    this.#follows = true;
    this.say('');
    this.#update();
    byId('status').textContent = 'The answer begins';
    this.#keep(conversation);

    await this.#write({ ...fields, messages });

    this.#live = null;
    this.#keep(conversation);
    if (conversation !== this.#conversation) return;
    this.#update();
    byId('status').textContent = message.error ? '' : 'The answer is complete';
  }

  /** Fills the live message from the server. */
  async #write(body) {
    const { conversation, message, abort } = this.#live;
    const answer = new Answer();
    const begin = performance.now();
    const since = () => (performance.now() - begin) / 1000;
    let headers = {};
    let first = null;
    let saved = begin;
    let frame = 0;
    const draw = () => {
      frame = 0;
      this.#draw(conversation, message);
    };
    const onChunk = (chunk) => {
      answer.add(chunk);
      if (answer.begun) first ??= since();
      const { content, reasoning, calls } = answer;
      Object.assign(message, { content, reasoning, calls });
      frame ||= requestAnimationFrame(draw);
      if (performance.now() - saved < SAVE_EVERY_MS) return;
      saved = performance.now();
      this.#keep(conversation);
    };
    try {
      await streamChat(body, { signal: abort.signal, onHeaders: (given) => (headers = given), onChunk });
    } catch (error) {
      if (error.name === 'AbortError') answer.finish = 'stopped';
      else message.error = { message: error.message, ...(error instanceof ServerError ? error.about : {}) };
    }
    if (answer.begun || !message.error) message.facts = factsOf(answer, headers, first, since());
    cancelAnimationFrame(frame);
    draw();
  }

  #draw(conversation, message) {
    if (conversation !== this.#conversation) return;
    this.#views.get(message.id)?.draw();
    if (this.#follows) this.#log.scrollTop = this.#log.scrollHeight;
  }

  #atEnd() {
    return this.#log.scrollHeight - this.#log.scrollTop - this.#log.clientHeight < FOLLOW_PX;
  }

  /** Brings the screen in line with the conversation. */
  #update() {
    const conversation = this.#conversation;
    const shown = tree.shownMessages(conversation);
    const elements = shown.map((message) => {
      if (!this.#views.has(message.id)) this.#views.set(message.id, new MessageView(message, this.#actions));
      const view = this.#views.get(message.id);
      const all = tree.siblings(conversation, message);
      const live = this.#live?.message === message;
      view.settle({ live, index: all.indexOf(message), count: all.length });
      return view.element;
    });
    const calls = this.#live ? [] : tree.openCalls(conversation);
    if (calls.length) elements.push(resultForm(calls, (results) => this.#sendResults(calls, results)));
    if (!shown.length) elements.push(h('p', { class: 'empty' }, 'What is on your mind?'));
    replaceChildren(byId('messages'), elements);
    byId('send').hidden = this.#live !== null;
    byId('stop').hidden = this.#live === null;
    if (this.#follows) this.#log.scrollTop = this.#log.scrollHeight;
  }

  async #keep(conversation) {
    if (conversation.id === this.#forgotten) return;
    conversation.updated = Date.now();
    try {
      await saveConversation(conversation);
      this.#onSaved(conversation);
    } catch (error) {
      this.say(`This browser does not keep the conversation: ${error.message}`);
    }
  }
}

/** As Element.replaceChildren, but what stays is not touched: it keeps its focus. */
function replaceChildren(parent, children) {
  const wanted = new Set(children);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  children.forEach((child, i) => {
    if (parent.children[i] !== child) parent.insertBefore(child, parent.children[i] ?? null);
  });
}
