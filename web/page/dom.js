/** Elements, as nested calls: h('p', { class: 'note', onclick }, 'Hello ', h('b', {}, 'you')). */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export const byId = (id) => document.getElementById(id);

/** A button that copies a text, and says so for a moment. @param {() => string} text */
export function copyButton(text) {
  const button = h('button', { type: 'button', class: 'quiet' }, 'Copy');
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text());
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'Not copied'; // forbidden, or not there without a secure connection
    }
    setTimeout(() => (button.textContent = 'Copy'), 1500);
  });
  return button;
}
