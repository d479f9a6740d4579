/**
 * Markdown from a model, which may hold anything: marked makes HTML of it, DOMPurify keeps harmless elements.
 * Nothing is loaded from elsewhere: an image becomes a link to it.
 */
import { Marked } from './lib/marked.js';
import DOMPurify from './lib/dompurify.js';
import { copyButton, h } from './dom.js';

const HARMLESS = {
  ALLOWED_TAGS: (
    'p br hr h1 h2 h3 h4 h5 h6 blockquote ul ol li pre code em strong del sub sup kbd a ' +
    'table thead tbody tr th td'
  ).split(' '),
  ALLOWED_ATTR: ['href', 'title', 'align', 'start', 'data-language'],
  ADD_URI_SAFE_ATTR: ['align', 'start', 'data-language'],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
  RETURN_DOM_FRAGMENT: true,
};

const escape = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

const marked = new Marked({
  gfm: true,
  renderer: {
    image: ({ href, text }) => `<a href="${escape(href)}">${escape(text || href)}</a>`,
    code: ({ text, lang }) =>
      `<pre data-language="${escape((lang ?? '').split(/\s/, 1)[0])}"><code>${escape(text)}</code></pre>`,
    checkbox: ({ checked }) => (checked ? '☑ ' : '☐ '),
  },
});

/** @returns {DocumentFragment} of one token of marked's */
function renderBlock(token) {
  const fragment = DOMPurify.sanitize(marked.parser([token]), HARMLESS);
  for (const link of fragment.querySelectorAll('a')) {
    link.target = '_blank';
    link.rel = 'noopener noreferrer';
  }
  for (const pre of fragment.querySelectorAll('pre')) pre.replaceWith(codeBlock(pre));
  for (const table of fragment.querySelectorAll('table')) {
    const scroller = h('div', { class: 'scroller', tabindex: 0, role: 'region', 'aria-label': 'Table' });
    table.replaceWith(scroller);
    scroller.append(table);
  }
  return fragment;
}

function codeBlock(pre) {
  const language = pre.dataset.language ?? '';
  const code = pre.cloneNode(true);
  code.tabIndex = 0;
  return h(
    'div',
    { class: 'code' },
    h(
      'div',
      { class: 'code-head' },
      h('span', {}, language || 'text'),
      copyButton(() => code.textContent),
    ),
    code,
  );
}

/**
 * Markdown that grows at its end. Only its last block is made anew, so that a long answer costs as much per
 * piece as a short one.
 */
export class GrowingMarkdown {
  #element;
  #onBlock;
  /** How much of the text lies in blocks that nothing changes any more. */
  #settled = 0;
  /** The last block's nodes, and the text inside while it is a block of code. */
  #last = [];
  #codeText = null;

  /** @param {HTMLElement} element @param {(text: string) => void} [onBlock]  given settled blocks' texts */
  constructor(element, onBlock = () => {}) {
    this.#element = element;
    this.#onBlock = onBlock;
  }

  /** @param {string} text begins with what it was before */
  set(text) {
    const tokens = marked.lexer(text.replace(/\r\n?/g, '\n').slice(this.#settled));
    // Blank lines after a list do not end it yet.
    const last = tokens.findLastIndex((token) => token.type !== 'space');
    if (last < 0) return;
    for (const token of tokens.slice(0, last)) this.#settle(token);
    this.#showLast(tokens[last]);
  }

  #settle(token) {
    this.#settled += token.raw.length;
    if (token.type === 'space') return;
    this.#showLast(token);
    this.#onBlock(this.#last.map((node) => node.textContent).join(' '));
    this.#last = [];
    this.#codeText = null;
  }

  #showLast(token) {
    if (token.type === 'code' && this.#codeText) {
      this.#codeText.data = token.text;
      return;
    }
    for (const node of this.#last) node.remove();
    const fragment = renderBlock(token);
    this.#last = [...fragment.childNodes];
    this.#codeText = token.type === 'code' ? (fragment.querySelector('code')?.firstChild ?? null) : null;
    this.#element.append(fragment);
  }
}
