/** The list of kept conversations, with what can be done to each. */
import { byId, h } from './dom.js';
import { ask } from './question.js';
import { deleteConversation, listConversations, loadConversation, saveConversation } from './store.js';

export class ConversationList {
  #chat;
  #onDeleted;
  #current = '';
  #shown = '';

  /**
   * @param {import('./chat_view.js').ChatView} chat  may be ahead of the store
   * @param {(id: string) => void} onDeleted
   */
  constructor(chat, onDeleted) {
    this.#chat = chat;
    this.#onDeleted = onDeleted;
  }

  /** @param {string} current  the conversation that is shown */
  async refresh(current = this.#current) {
    this.#current = current;
    const entries = await listConversations();
    // What shows the same stays, with its focus and open menus.
    const shown = JSON.stringify([current, entries.map(({ id, title }) => [id, title])]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    byId('list').replaceChildren(...entries.map((entry) => this.#item(entry)));
  }

  #item({ id, title }) {
    const here = id === this.#current;
    const name = title || 'Untitled';
    const menu = h(
      'details',
      { class: 'menu', name: 'conversation-menu' },
      h('summary', { 'aria-label': `More about ${name}` }, '⋯'),
      h(
        'div',
        {},
        h('button', { type: 'button', onclick: () => this.#rename(id, name) }, 'Rename'),
        h('button', { type: 'button', onclick: () => this.#export(id, name) }, 'Export'),
        h('button', { type: 'button', onclick: () => this.#delete(id, name) }, 'Delete'),
      ),
    );
    const link = h('a', { href: `#/c/${id}`, 'aria-current': here && 'page', title: name }, name);
    return h('li', {}, link, menu);
  }

  async #load(id) {
    return this.#chat.known(id) ?? loadConversation(id);
  }

  async #rename(id, name) {
    const title = await ask('Rename the conversation', 'Rename', name);
    if (!title?.trim()) return;
    const conversation = await this.#load(id);
    conversation.title = title.trim();
    await saveConversation(conversation);
    await this.refresh();
  }

  async #export(id, name) {
    const text = JSON.stringify(await this.#load(id), null, 2);
    const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
    h('a', {
      href: url,
      download: `${name.replace(/[^\p{L}\p{N} _-]/gu, '').trim() || 'conversation'}.json`,
    }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  }

  async #delete(id, name) {
    if ((await ask(`Delete “${name}”?`, 'Delete')) === null) return;
    this.#chat.forget(id);
    await deleteConversation(id);
    await this.refresh();
    this.#onDeleted(id);
  }
}
